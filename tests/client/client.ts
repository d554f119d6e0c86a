// A client of Tollgate in a page: its types are made of /openapi.json by openapi-typescript, so that a path, a
// parameter, a member or a status that is not described does not compile.
import type { components, paths } from './tollgate.js';

type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;

// All that an operation may answer: the body by its status.
type Answers<Operation> = Operation extends { responses: infer Responses }
    ? {
          [Status in keyof Responses]: {
              status: Status extends number ? Status : number;
              headers: Headers;
              body: Json<Responses[Status]>;
          };
      }[keyof Responses & number]
    : never;

type Body<Operation> = Operation extends { requestBody: { content: { 'application/json': infer Given } } }
    ? { body: Given }
    : { body?: never };

type Parameters<Operation, Where extends string> = Operation extends { parameters: infer Given }
    ? Where extends keyof Given
        ? Given[Where]
        : undefined
    : undefined;

type Options<Operation> = Body<Operation> & {
    path?: Parameters<Operation, 'path'>;
    query?: Parameters<Operation, 'query'>;
    headers?: Record<string, string>;
};

type Methods<Path extends keyof paths> = {
    [Method in keyof paths[Path]]: paths[Path][Method] extends { responses: unknown } ? Method : never;
}[keyof paths[Path]];

export type Message = components['schemas']['ListedMessage'];
export type MessageFilter = Omit<NonNullable<paths['/api/messages']['get']['parameters']['query']>, 'before'>;

export class Client {
    constructor(
        private readonly url: string,
        private readonly key: string,
    ) {}

    async call<Path extends keyof paths, Method extends Methods<Path> & string>(
        method: Method,
        path: Path,
        options: Options<paths[Path][Method]>,
    ): Promise<Answers<paths[Path][Method]>> {
        const filled = Object.entries((options.path ?? {}) as Record<string, string>).reduce(
            (made, [name, value]) => made.replace(`{${name}}`, encodeURIComponent(value)), path as string);
        const query = new URLSearchParams(
            Object.entries((options.query ?? {}) as Record<string, unknown>)
                .map(([name, value]): [string, string] => [name, String(value)]));
        const response = await fetch(`${this.url}${filled}${query.size > 0 ? `?${query}` : ''}`, {
            method: method.toUpperCase(),
            headers: {
                Authorization: `Bearer ${this.key}`,
                ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
                ...options.headers,
            },
            ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        });
        const text = await response.text();
        const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
        return {
            status: response.status,
            headers: response.headers,
            body: isJson ? JSON.parse(text) : text,
        } as Answers<paths[Path][Method]>;
    }
    // All messages that fit, newest first, page by page, as far as they are wanted. (A page may be empty and no end.)
    async *messages(filter: MessageFilter = {}): AsyncGenerator<Message> {
        let before: string | undefined;
        do {
            const page = await this.call('get', '/api/messages', {
                query: before === undefined ? filter : { ...filter, before },
            });
            if (page.status !== 200) throw new Error(`${page.status} ${page.body.code}: ${page.body.error}`);
            yield* page.body.messages;
            before = page.body.next_before ?? undefined;
        } while (before !== undefined);
    }
}
