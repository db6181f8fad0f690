/** @file Places where Discord's OpenAPI file and its wire are known to differ, each with its reason. */

/** A difference that is not a violation. */
export interface OpenApiException {
  direction: 'request' | 'response';
  /** `METHOD /template` as in the file, or `*` for all. */
  operation: string;
  /** Which values of the body. */
  pointer: RegExp;
  reason: string;
}

/** All known differences. */
export const openApiExceptions: readonly OpenApiException[] = [
  {
    direction: 'response',
    operation: '*',
    pointer: /^\/errors\/.*_errors\/\d+\/code$/,
    reason:
      'The file calls the codes inside an `errors` tree integers; the reference page and the wire have strings such as BASE_TYPE_REQUIRED.',
  },
  {
    direction: 'request',
    operation: 'PUT /applications/{application_id}/commands',
    pointer: /^\/\d+\/default_member_permissions$/,
    reason:
      'The file wants an integer; the reference page and the wire have digits in a string, as for every set of permissions.',
  },
  {
    direction: 'response',
    operation: 'GET /channels/{channel_id}',
    pointer: /^\/type$/,
    reason: 'The file does not know media channels (type 16), which the reference page has.',
  },
];
