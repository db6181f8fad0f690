/** @file Holds requests and answers against Discord's published OpenAPI file, which nobody here wrote; for tests. */
import { readFileSync } from 'node:fs';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from './json.ts';
import { asObject } from './json.ts';
import { openApiExceptions } from './openapi-exceptions.ts';
import type { WireProblem, WireValidator } from './violations.ts';

/** At most this many problems a body are reported; unions multiply them. */
const MAX_PROBLEMS = 8;

/** One operation of the file. */
interface Operation {
  template: string;
  pattern: RegExp;
  parameterCount: number;
  methods: Json;
}

/** Formats of the file; only those with a rule that JSON Schema cannot say are checked. */
const formats = {
  snowflake: /^\d{1,20}$/,
  nonce: true,
  int32: true,
  int64: true,
  double: true,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uri: /^[a-z][a-z0-9+.-]*:\S*$/i,
} as const;

/**
 * Builds a validator from Discord's OpenAPI 3.1 file. Schemas compile when they are first needed.
 *
 * @param file path of `openapi.json`
 * @throws {Error} when the file is missing or no OpenAPI file
 */
export function createOpenApiValidator(file: string): WireValidator {
  const document = asObject(JSON.parse(readFileSync(file, 'utf8')));
  const paths = asObject(document?.paths);
  if (!document || !paths) throw new Error(`${file}: expected an OpenAPI file with paths`);
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, formats });
  ajv.addSchema(document, 'discord');
  const operations = Object.entries(paths)
    .map(([template, methods]) => toOperation(template, asObject(methods) ?? {}))
    .sort((a, b) => a.parameterCount - b.parameterCount);
  const compiled = new Map<string, ValidateFunction>();

  function check(pointer: string[], body: unknown): WireProblem[] {
    const fragment = pointer.map((part) =>
      encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
    );
    const reference = `discord#/${fragment.join('/')}`;
    let validate = compiled.get(reference);
    if (!validate) {
      validate = ajv.compile({ $ref: reference });
      compiled.set(reference, validate);
    }
    return validate(body) ? [] : summarize(validate.errors ?? []);
  }

  function find(method: string, path: string): { operation: Operation; spec: Json } | undefined {
    const decoded = decodeURIComponent(path);
    for (const operation of operations) {
      const spec = asObject(operation.methods[method.toLowerCase()]);
      if (spec && operation.pattern.test(decoded)) return { operation, spec };
    }
    return undefined;
  }

  const unknown = (method: string, path: string): WireProblem[] => [
    { pointer: '', message: `${method} ${path} is not in the OpenAPI file` },
  ];

  return {
    validateRequest(method, path, body) {
      const found = find(method, path);
      if (!found) return unknown(method, path);
      const { operation, spec } = found;
      const content = asObject(asObject(spec.requestBody)?.content);
      if (!content?.['application/json']) return [];
      if (body === undefined && asObject(spec.requestBody)?.required !== true) return [];
      const tail = ['requestBody', 'content', 'application/json', 'schema'];
      const pointer = ['paths', operation.template, method.toLowerCase(), ...tail];
      const problems = check(pointer, body);
      return withoutExceptions('request', `${method} ${operation.template}`, problems);
    },
    validateResponse(method, path, status, body) {
      const found = find(method, path);
      if (!found) return unknown(method, path);
      const { operation, spec } = found;
      const responses = asObject(spec.responses) ?? {};
      const isRefusal = status >= 400 && status < 500;
      const name = responses[status] ? String(status) : isRefusal ? '4XX' : undefined;
      const response = asObject(name && responses[name]);
      if (!name || !response) {
        return [{ pointer: '', message: `status ${status} is not described` }];
      }
      const shared = /^#\/components\/responses\/(\w+)$/.exec(String(response.$ref))?.[1];
      const pointer = shared
        ? ['components', 'responses', shared]
        : ['paths', operation.template, method.toLowerCase(), 'responses', name];
      const target = shared
        ? asObject(asObject(asObject(document.components)?.responses)?.[shared])
        : response;
      if (!asObject(target?.content)?.['application/json']) {
        return body === undefined ? [] : [{ pointer: '', message: 'expected no body' }];
      }
      const problems = check([...pointer, 'content', 'application/json', 'schema'], body);
      return withoutExceptions('response', `${method} ${operation.template}`, problems);
    },
  };
}

function toOperation(template: string, methods: Json): Operation {
  const names = template.match(/\{\w+\}/g) ?? [];
  const source = template
    .split(/\{\w+\}/)
    .map((part) => part.replace(/[.*+?^$()|[\]\\]/g, '\\$&'))
    .join('[^/]+');
  return {
    template,
    pattern: new RegExp(`^${source}$`),
    parameterCount: names.length,
    methods,
  };
}

/** Keeps the deepest errors: those of the union branch that fits best. */
function summarize(errors: ErrorObject[]): WireProblem[] {
  const depth = (error: ErrorObject) => error.instancePath.split('/').length;
  return [...errors]
    .sort((a, b) => depth(b) - depth(a))
    .slice(0, MAX_PROBLEMS)
    .map((error) => {
      const allowed: unknown = error.params.allowedValues;
      const more = allowed === undefined ? '' : ` ${JSON.stringify(allowed)}`;
      return { pointer: error.instancePath, message: `${error.message ?? error.keyword}${more}` };
    });
}

/** Drops a body's problems when a listed exception explains the deepest of them. */
function withoutExceptions(
  direction: 'request' | 'response',
  operation: string,
  problems: WireProblem[],
): WireProblem[] {
  const [deepest] = problems;
  if (!deepest) return [];
  const isExcepted = openApiExceptions.some(
    (exception) =>
      exception.direction === direction &&
      (exception.operation === '*' || exception.operation === operation) &&
      exception.pointer.test(deepest.pointer),
  );
  return isExcepted ? [] : problems;
}
