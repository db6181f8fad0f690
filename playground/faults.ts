/** @file Faults on demand: rules that make matching requests or the gateway fail in the ways Discord does. */
import { refuse } from './discord-error.ts';

/** What goes wrong with a matching REST or CDN request. */
export type RequestFaultKind =
  | '500'
  | '502'
  | '503'
  | '401'
  | '403-html'
  | '429'
  | '429-body-only'
  | 'expired-token'
  | 'refusal'
  | 'bad-json'
  | 'html-200'
  | 'reset-before'
  | 'reset-after-body'
  | 'close-without-response'
  | 'silent'
  | 'slow'
  | 'stall-body'
  | 'truncate';

/** What goes wrong with the gateway. The first four happen at once, the last two hold until cleared. */
export type GatewayFaultKind =
  | 'drop-gateway'
  | 'reconnect'
  | 'invalid-session'
  | 'close-gateway'
  | 'no-heartbeat-ack'
  | 'ignore-resume';

/** A fault to inject. */
export interface FaultRequest {
  kind: RequestFaultKind | GatewayFaultKind;
  /**
   * Which requests: `METHOD /path` or `/path`, where `*` stands for anything, a segment like `:id` for
   * one segment; CDN paths begin with `/cdn`, API paths with what follows `/api/v10`. Default: every request.
   */
  route?: string;
  /** How many requests fail. Default 1. */
  times?: number;
  /** How many matching requests pass first. Default 0. */
  skip?: number;
  /** Whether the request takes effect although the answer fails; each kind has its natural default. */
  executed?: boolean;
  /** Milliseconds for `slow`. Default 1000. */
  delayMs?: number;
  /** Seconds for `429`. Default 1. */
  retryAfter?: number;
  /** Close code for `close-gateway`. Default 4000. */
  code?: number;
  /** For `refusal`: the answer, such as `{ status: 403, code: 50007, message: '…' }`. */
  refusal?: { status: number; code: number; message: string };
  /** For `invalid-session`: whether the session may be resumed. Default false. */
  resumable?: boolean;
}

/** A rule at work. */
export interface RequestFault extends FaultRequest {
  kind: RequestFaultKind;
  executed: boolean;
  remaining: number;
  toSkip: number;
}

/** Kinds after which the request has had its effect, unless the rule says otherwise. */
const executedKinds = new Set<string>([
  'reset-after-body',
  'bad-json',
  'html-200',
  'slow',
  'stall-body',
  'truncate',
]);

const gatewayKinds = new Set<string>([
  'drop-gateway',
  'reconnect',
  'invalid-session',
  'close-gateway',
  'no-heartbeat-ack',
  'ignore-resume',
]);

/** Holds the rules for requests. */
export interface FaultRules {
  add(fault: FaultRequest & { kind: RequestFaultKind }): void;
  clear(): void;
  /** @returns the first rule that matches, counted as used */
  take(method: string, path: string): RequestFault | undefined;
  readonly active: RequestFault[];
}

/** @returns whether a fault concerns the gateway rather than requests */
export function isGatewayFault(
  fault: FaultRequest,
): fault is FaultRequest & { kind: GatewayFaultKind } {
  return gatewayKinds.has(fault.kind);
}

/** @returns whether `METHOD /path` matches the pattern */
export function matchesRoute(pattern: string | undefined, method: string, path: string): boolean {
  if (!pattern) return true;
  const [first = '', second] = pattern.split(' ');
  if (second !== undefined && first.toUpperCase() !== method) return false;
  const source = (second ?? first)
    .split(/(\*|:[a-z_]+|\{[a-z_]+\})/)
    .map((part) => {
      if (part === '*') return '.*';
      if (/^[:{]/.test(part)) return '[^/]+';
      return part.replace(/[.+?^$()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`).test(path);
}

/**
 * Binds a fault to the requests that answer one interaction: `{token}` in its route is that interaction's.
 *
 * @param fault its default route is every request with the token: the first answer and all later ones
 */
export function bindFault<Fault extends FaultRequest>(fault: Fault, token: string): Fault {
  return { ...fault, route: (fault.route ?? '*{token}*').replaceAll('{token}', token) };
}

/** Builds an empty rule list. */
export function createFaultRules(): FaultRules {
  const rules: RequestFault[] = [];
  return {
    active: rules,
    add(fault) {
      rules.push({
        ...fault,
        executed: fault.executed ?? executedKinds.has(fault.kind),
        remaining: fault.times ?? 1,
        toSkip: fault.skip ?? 0,
      });
    },
    clear() {
      rules.length = 0;
    },
    take(method, path) {
      const rule = rules.find((item) => matchesRoute(item.route, method, path));
      if (!rule) return undefined;
      if (rule.toSkip > 0) {
        rule.toSkip -= 1;
        return undefined;
      }
      rule.remaining -= 1;
      if (rule.remaining <= 0) rules.splice(rules.indexOf(rule), 1);
      return rule;
    },
  };
}

/** An answer as it goes over the wire. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

const html = '<html><head><title>Attention Required!</title></head><body>cloudflare</body></html>';

/** @returns the answer a fault puts in the place of the real one; undefined for kinds that are no answer */
export function faultAnswer(fault: RequestFault): WireAnswer | undefined {
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const retryAfter = fault.retryAfter ?? 1;
  const limited = {
    message: 'You are being rate limited.',
    retry_after: retryAfter,
    global: false,
  };
  switch (fault.kind) {
    case '500':
    case '502':
    case '503':
      return json(Number(fault.kind), { message: `${fault.kind}: Server Error`, code: 0 });
    case '401':
      return json(401, refuse.unauthorized().toBody());
    case 'refusal': {
      const { status = 400, code = 0, message = 'Refused' } = fault.refusal ?? {};
      return json(status, { message, code });
    }
    case 'expired-token':
      return json(401, refuse.invalidWebhookToken().toBody());
    case '429':
      return json(429, limited, {
        'retry-after': String(retryAfter),
        'x-ratelimit-scope': 'shared',
      });
    case '429-body-only':
      return json(429, limited);
    case '403-html':
      return { status: 403, headers: { 'content-type': 'text/html' }, body: html };
    case 'html-200':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: html };
    case 'bad-json':
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"id": "123456789012345678", "content',
      };
    default:
      return undefined;
  }
}
