// A description (OpenAPI 3.1), and whether what was asked and answered is as it says. It is read more
// strictly than it is written: an answer has no member that does not stand there.
import Ajv2020 from 'ajv/dist/2020.js';

const formats = {
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    date: /^\d{4}-\d\d-\d\d$/,
    'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:?\d\d)$/,
};

// Objects that name their members have no others.
function closed(schema) {
    if (Array.isArray(schema)) return schema.map(closed);
    if (!schema || typeof schema !== 'object') return schema;
    const copy = {};
    for (const [name, value] of Object.entries(schema))
        copy[name] = ['examples', 'example', 'enum', 'const', 'default'].includes(name) ? value : closed(value);
    const types = [].concat(schema.type ?? []);
    if (schema.properties && types.includes('object') && !('additionalProperties' in schema))
        copy.additionalProperties = false;
    return copy;
}

export class Description {
    constructor(document) {
        this.document = document;
        this.ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true, formats });
        this.ajv.addSchema(closed(document), 'answers');
        this.ajv.addSchema(document, 'requests');
        this.validators = new Map();
        this.codes = new Map(document['x-codes'].map((code) => [code.code, code.statuses]));
        this.operations = [];
        for (const [path, item] of Object.entries(document.paths))
            for (const [method, operation] of Object.entries(item)) this.add(method.toUpperCase(), path, operation);
        // What is written out counts before what has names in it.
        this.operations.sort((a, b) => a.names - b.names);
    }

    add(method, path, operation) {
        // Meta's ids are of digits; whatever else stands there is another path.
        const isMetas = path.startsWith('/{version}/');
        const part = (name) => (isMetas && name.endsWith('_id}') ? '(\\d{1,32})' : '([^/]+)');
        const source = path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, part);
        this.operations.push({
            method, path, operation,
            names: (path.match(/\{/g) ?? []).length,
            fits: new RegExp(`^${source}/?$`),
            place: `#/paths/${path.replace(/~/g, '~0').replace(/\//g, '~1')}/${method.toLowerCase()}`,
        });
        // The version of a path of Meta's may be left out.
        if (isMetas) {
            const bare = this.operations.at(-1);
            this.operations.push({ ...bare, names: bare.names - 0.5,
                fits: new RegExp(`^${source.replace(/^\/\(\[\^\/\]\+\)/, '')}/?$`) });
            bare.fits = new RegExp(`^${source.replace(/^\/\(\[\^\/\]\+\)/, '/v[0-9.]+')}/?$`);
        }
    }

    // The operation of a request; undefined: there is none.
    find(method, path) {
        return this.operations.find((one) => one.method === method && one.fits.test(path));
    }

    // What is wrong with a value, by the schema at a place of the document; []: nothing.
    faults(which, place, value) {
        const key = `${which}${place}`;
        if (!this.validators.has(key)) this.validators.set(key, this.ajv.compile({ $ref: encodeURI(key) }));
        const validate = this.validators.get(key);
        if (validate(value)) return [];
        return validate.errors.slice(0, 3).map(
            (error) => `${error.instancePath || 'it'} ${error.message}${
                error.params.additionalProperty ? `: ${error.params.additionalProperty}` : ''}`);
    }

    // Follows "$ref"; returns the place and what stands there.
    resolve(place) {
        let at = this.document;
        for (const part of place.slice(2).split('/')) at = at[part.replace(/~1/g, '/').replace(/~0/g, '~')];
        return at.$ref ? this.resolve(at.$ref) : [place, at];
    }

    response(one, status) {
        const responses = one.operation.responses;
        const name = [String(status), `${Math.floor(status / 100)}XX`, 'default'].find((name) => responses[name]);
        return name && [name, ...this.resolve(`${one.place}/responses/${name}`)];
    }

    parameters(one, where) {
        return one.operation.parameters.filter((parameter) => parameter.in === where);
    }
}

function parse(text) {
    try {
        return { value: JSON.parse(text) };
    } catch {
        return { isNone: true };
    }
}

// A refusal that any path may have: the code has this status.
function refusalFaults(description, exchange) {
    const { value } = parse(exchange.answer ?? '');
    const statuses = description.codes.get(value?.code);
    if (!statuses) return [`${exchange.status} without a code that there is: ${exchange.answer}`];
    if (!statuses.includes(exchange.status)) return [`${value.code} with ${exchange.status}`];
    return [];
}

function answerFaults(description, one, exchange) {
    const found = description.response(one, exchange.status);
    if (!found) return [`${exchange.status} is not described`];
    const [name, place, response] = found;
    const type = exchange.answerType?.split(';')[0].trim();
    const isOurs = one.operation.responses.default;
    const faults = exchange.status >= 400 && isOurs && type === 'application/json' && !one.path.endsWith('/readyz')
        ? refusalFaults(description, exchange) : [];
    if (!response.content) return exchange.answer ? [...faults, `${name} has a body: ${exchange.answer}`] : faults;
    if (!response.content[type] && response.content['*/*']) return faults;
    if (!response.content[type]) return [...faults, `${name} is ${type}, not ${Object.keys(response.content)}`];
    if (type !== 'application/json' || exchange.answer === undefined) return faults;
    const { value, isNone } = parse(exchange.answer);
    if (isNone) return [...faults, 'it is no JSON'];
    const where = `${place}/content/${type.replace('/', '~1')}/schema`;
    return [...faults, ...description.faults('answers', where, value).map((fault) => `answer: ${fault}`)];
}

function value(schema, text) {
    const types = [].concat(schema.type ?? []);
    if (types.includes('integer') || types.includes('number')) return /^-?\d+([.]\d+)?$/.test(text) ? Number(text) : text;
    if (types.includes('boolean')) return text === 'true' ? true : text === 'false' ? false : text;
    return text;
}

function queryFaults(description, one, query) {
    const faults = [];
    const known = description.parameters(one, 'query');
    // An object as a parameter has its members as parameters.
    const isOpen = known.some((other) => other.schema.type === 'object' && other.schema.additionalProperties);
    for (const [name, text] of query) {
        const index = one.operation.parameters.findIndex((other) => other.in === 'query' && other.name === name);
        if (index < 0 && isOpen) continue;
        if (index < 0) {
            faults.push(`the query's ${name} is not described (${known.map((other) => other.name)})`);
            continue;
        }
        const place = `${one.place}/parameters/${index}/schema`;
        faults.push(...description.faults('requests', place, value(one.operation.parameters[index].schema, text))
            .map((fault) => `query ${name}: ${fault}`));
    }
    return faults;
}

function bodyFaults(description, one, exchange) {
    const [place, body] = one.operation.requestBody ? description.resolve(`${one.place}/requestBody`) : [];
    if (!body) return exchange.body ? ['a body that is not described'] : [];
    const type = exchange.type?.split(';')[0].trim().toLowerCase();
    if (!exchange.body || !body.content[type] || type !== 'application/json') return [];
    const { value, isNone } = parse(exchange.body);
    if (isNone) return ['its body is no JSON'];
    // Of several in one request those that were taken.
    if (exchange.status === 207) {
        if (exchange.answer === undefined) return []; // it was not noted
        const verdicts = parse(exchange.answer).value.messages;
        value.messages = value.messages.filter((_, index) => verdicts[index].status_code < 300);
        if (!value.messages.length) return [];
    }
    return description.faults('requests', `${place}/content/${type.replace('/', '~1')}/schema`, value)
        .map((fault) => `body: ${fault}`);
}

// A path of Meta's API, where nothing is told in our words.
const isMetas = (path) => /^\/(v\d|\d+(\/|$))/.test(path);

// What of an exchange is not as the description says: of the answer everything; of the request what was taken
// though the description does not have it.
export function judge(description, exchange) {
    const [path, search] = exchange.path.split(/\?(.*)/s);
    if (exchange.method === 'HEAD' || exchange.method === 'OPTIONS') return { faults: [] };
    let one;
    try {
        one = description.find(exchange.method, decodeURI(path));
    } catch {
        return { faults: [] };
    }
    if (!one && exchange.status < 400) return { faults: ['there is no such path'] };
    if (!one) return { faults: isMetas(path) ? [] : refusalFaults(description, exchange) };
    const faults = answerFaults(description, one, exchange);
    if (exchange.status < 300) {
        faults.push(...queryFaults(description, one, new URLSearchParams(search ?? '')));
        faults.push(...bodyFaults(description, one, exchange));
    }
    return { one, faults };
}
