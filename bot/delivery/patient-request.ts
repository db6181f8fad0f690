/** @file One request to Discord, with a pause after every 429: the library pauses only where a header says how long. */
import { DefaultRestOptions, type RESTOptions } from 'discord.js';

/** Where a 429 names its pause in its body only, the library would ask again at once, and again. */
const PAUSE_S = '1';

/** The library's own request, except that a 429 always carries `Retry-After`. */
export const patientRequest: RESTOptions['makeRequest'] = async (url, options) => {
  const response = await DefaultRestOptions.makeRequest(url, options);
  if (response.status === 429 && !response.headers.has('retry-after')) {
    response.headers.set('retry-after', PAUSE_S);
  }
  return response;
};
