/** @file Routes that carry an interaction's own token: the callback, and its webhook with messages. */
import type { RestRequest, Route } from '../http.ts';
import { noContent, objectBody, ok } from '../http.ts';
import {
  answerInteraction,
  deleteThroughInteraction,
  editThroughInteraction,
  followUp,
  interactionForCallback,
  interactionForWebhook,
  messageOfInteraction,
} from '../interactions.ts';
import { messageToWire } from '../message-wire.ts';
import type { World } from '../world.ts';

const WEBHOOK = '/webhooks/{webhook_id}/{webhook_token}';

/** Builds the routes. */
export function interactionRoutes(world: World): Route[] {
  const reached = ({ params }: RestRequest) =>
    interactionForWebhook(world, params.webhook_id, params.webhook_token);
  const route = (method: string, template: string, handle: Route['handle']): Route => ({
    method,
    template,
    needsToken: false,
    handle,
  });
  return [
    route('POST', '/interactions/{interaction_id}/{interaction_token}/callback', (request) => {
      const { interaction_id: id, interaction_token: token } = request.params;
      const interaction = interactionForCallback(world, id, token);
      const answer = answerInteraction(world, interaction, objectBody(request), request.files);
      return request.query.get('with_response') === 'true' ? ok(answer) : noContent();
    }),
    route('POST', WEBHOOK, (request) => {
      const message = followUp(world, reached(request), objectBody(request), request.files);
      return ok(messageToWire(world, message));
    }),
    // `@original` is a message id like any other here; it arrives as `%40original`.
    route('GET', `${WEBHOOK}/messages/{message_id}`, (request) => {
      const message = messageOfInteraction(world, reached(request), request.params.message_id);
      return ok(messageToWire(world, message));
    }),
    route('PATCH', `${WEBHOOK}/messages/{message_id}`, (request) => {
      const { params, files } = request;
      const body = objectBody(request);
      const interaction = reached(request);
      const id = params.message_id;
      return ok(messageToWire(world, editThroughInteraction(world, interaction, id, body, files)));
    }),
    route('DELETE', `${WEBHOOK}/messages/{message_id}`, (request) => {
      deleteThroughInteraction(world, reached(request), request.params.message_id);
      return noContent();
    }),
  ];
}
