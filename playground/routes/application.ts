/** @file Routes about the bot itself: gateway address, own user, application, commands. */
import type { APIApplicationCommand } from 'discord-api-types/v10';
import { checkCommands } from '../command-limits.ts';
import { refuse } from '../discord-error.ts';
import type { RestRequest, Route } from '../http.ts';
import { noContent, objectBody, ok } from '../http.ts';
import type { Json } from '../json.ts';
import { asNumber, asObjects } from '../json.ts';
import { userToWire } from '../wire.ts';
import type { World } from '../world.ts';
import { guildOf } from '../world.ts';

const GLOBAL = '/applications/{application_id}/commands';
const IN_GUILD = '/applications/{application_id}/guilds/{guild_id}/commands';

/** Builds the routes. @param gatewayUrl read lazily, because the port is known only after listening */
export function applicationRoutes(world: World, gatewayUrl: () => string): Route[] {
  const get = (template: string, handle: Route['handle']): Route => ({
    method: 'GET',
    template,
    needsToken: true,
    handle,
  });
  return [
    get('/gateway/bot', () =>
      ok({
        url: gatewayUrl(),
        shards: 1,
        session_start_limit: {
          total: 1000,
          remaining: 999,
          reset_after: 86_400_000,
          max_concurrency: 1,
        },
      }),
    ),
    get('/users/@me', () =>
      ok({
        ...userToWire(world, world.application.botId),
        mfa_enabled: true,
        locale: 'en-US',
        verified: true,
        email: null,
      }),
    ),
    get('/applications/@me', () => ok(applicationToWire(world))),
    get('/oauth2/applications/@me', () => ok(applicationToWire(world))),
    ...commandRoutes(world, GLOBAL),
    ...commandRoutes(world, IN_GUILD),
  ];
}

function applicationToWire(world: World): Json {
  const [owner] = [...world.users.values()].filter((user) => !user.bot);
  return {
    id: world.application.id,
    name: world.application.name,
    icon: null,
    description: '',
    type: null,
    bot: userToWire(world, world.application.botId),
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
    flags_new: '0',
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: userToWire(world, owner?.id ?? world.application.botId),
    approximate_guild_count: world.guilds.size,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
  };
}

function commandRoutes(world: World, template: string): Route[] {
  const scopeOf = ({ params }: RestRequest) => {
    if (params.application_id !== world.application.id) throw refuse.missingAccess();
    return params.guild_id === undefined ? 'global' : guildOf(world, params.guild_id).id;
  };
  const list = (scope: string) => world.commands.get(scope) ?? [];
  const replace = (scope: string, definitions: Json[]) => {
    checkCommands(definitions);
    const earlier = list(scope);
    const commands = definitions.map((definition) => register(world, scope, definition, earlier));
    world.commands.set(scope, commands);
    world.touch();
    return commands;
  };
  const find = (request: RestRequest) => {
    const command = list(scopeOf(request)).find((item) => item.id === request.params.command_id);
    if (!command) throw refuse.unknownCommand();
    return command;
  };
  const asDefinition = (command: APIApplicationCommand) => command as unknown as Json;
  const one = `${template}/{command_id}`;
  const route = (method: string, path: string, handle: Route['handle']): Route => ({
    method,
    template: path,
    needsToken: true,
    handle,
  });
  return [
    route('GET', template, (request) => ok(list(scopeOf(request)))),
    route('PUT', template, (request) => ok(replace(scopeOf(request), asObjects(request.body)))),
    route('POST', template, (request) => {
      const scope = scopeOf(request);
      const body = objectBody(request);
      const isSame = (item: APIApplicationCommand) =>
        item.name === body.name && item.type === (asNumber(body.type) ?? 1);
      const known = list(scope).some(isSame);
      const others = list(scope).filter((item) => !isSame(item));
      const commands = replace(scope, [...others.map(asDefinition), body]);
      return { status: known ? 200 : 201, body: commands.at(-1) };
    }),
    route('GET', one, (request) => ok(find(request))),
    route('PATCH', one, (request) => {
      const command = find(request);
      const changed = { ...asDefinition(command), ...objectBody(request) };
      const commands = replace(
        scopeOf(request),
        list(scopeOf(request)).map((item) => (item === command ? changed : asDefinition(item))),
      );
      return ok(commands.find((item) => item.id === command.id));
    }),
    route('DELETE', one, (request) => {
      const command = find(request);
      const scope = scopeOf(request);
      world.commands.set(
        scope,
        list(scope).filter((item) => item !== command),
      );
      return noContent();
    }),
  ];
}

/** Gives a definition its id: the earlier one when a command of that name and type was there. */
function register(
  world: World,
  scope: string,
  definition: Json,
  earlier: APIApplicationCommand[],
): APIApplicationCommand {
  const type = asNumber(definition.type) ?? 1;
  const same = earlier.find((item) => item.name === definition.name && item.type === type);
  const given = Object.fromEntries(
    Object.entries(definition).filter(([, value]) => value !== null && value !== undefined),
  );
  return {
    default_member_permissions: null,
    nsfw: false,
    contexts: null,
    integration_types: [0],
    description: '',
    ...given,
    id: same?.id ?? world.mint(),
    application_id: world.application.id,
    version: world.mint(),
    type,
    ...(scope === 'global' ? {} : { guild_id: scope }),
  } as unknown as APIApplicationCommand;
}
