// What clients may do that none of those here does: each way of writing the same call that Graph takes.
import assert from 'node:assert/strict';
import { ask, BOUNDARY, formOf } from './http.mjs';
import { EMPTY_WALLET, isDone, isRefusal, isSent, link, someone } from './world.mjs';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };
const PARTS_TYPE = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

const versions = ['', ...Array.from({ length: 12 }, (_, i) => `/v${i + 13}.0`), '/v23', '/v99.9'];
const endings = ['', '/', '?', '/?', '?pretty=0', '?debug=all&format=json', '?fields=', '?&&'];

const messageTo = to => ({
    messaging_product: 'whatsapp', recipient_type: 'individual', to, type: 'text', text: { body: 'Hello' },
});
// What is an object is a text that is JSON.
const flat = message => Object.fromEntries(Object.entries(message)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));

const interactive = {
    type: 'list', header: { type: 'text', text: 'A question' }, body: { text: 'Which?' }, footer: { text: 'One' },
    action: { button: 'Choose', sections: [{ title: 'All', rows: [{ id: 'a', title: 'A' }] }] },
};
const contents = {
    text: { body: 'Grüße & <grüßende> = 100% + "mehr" 👍', preview_url: true },
    image: { link: link('image.png?a=1&b=2'), caption: 'An image' },
    location: { latitude: 28.6, longitude: 77.2 },
    contacts: [{ name: { formatted_name: 'Asha', first_name: 'Asha' } }],
    template: {
        name: 'greeting', language: { code: 'en_US' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: 'A' }] }],
    },
    interactive,
};

// Ways to write a body, and its type.
const encodings = {
    'JSON': message => [JSON_TYPE, JSON.stringify(message)],
    'JSON, its charset said': message =>
        [{ 'Content-Type': 'application/json; charset=utf-8' }, JSON.stringify(message)],
    'JSON, spread over lines': message => [JSON_TYPE, JSON.stringify(message, null, 4)],
    'JSON of texts': message => [JSON_TYPE, JSON.stringify(flat(message))],
    'a form': message => [FORM_TYPE, new URLSearchParams(flat(message)).toString()],
    'parts': message => [PARTS_TYPE, formOf(flat(message))],
};

export function* steps(world) {
    const path = `/${world.number}/messages`;
    const bearer = { Authorization: `Bearer ${world.key}` };
    const post = (path, headers, body) => ask('POST', world.url + path, headers, body);

    for (const version of versions)
        yield [`version "${version}"`, async () => {
            const to = someone();
            const answer = await post(version + path, { ...bearer, ...JSON_TYPE }, JSON.stringify(messageTo(to)));
            isSent(answer.json, 'text', to);
            assert.equal(answer.headers['facebook-api-version'] ?? '', version.slice(1));
        }];
    for (const ending of endings)
        yield [`a path that ends with "${ending}"`, async () => {
            const to = someone();
            const body = JSON.stringify(messageTo(to));
            isSent((await post(`/v23.0${path}${ending}`, { ...bearer, ...JSON_TYPE }, body)).json, 'text', to);
            const fields = ending.replace('?fields=', '?fields=id');
            const { json } = await ask('GET', `${world.url}/v23.0/${world.number}${fields}`, bearer);
            assert.equal(json.id, world.number);
        }];

    const ways = {
        'OAuth': [{ Authorization: `OAuth ${world.key}` }, '', {}],
        'a header in small letters': [{ authorization: `bearer ${world.key}` }, '', {}],
        'the query': [{}, `?access_token=${world.key}`, {}],
        'the form': [{}, '', { access_token: world.key }],
    };
    for (const [way, [headers, query, more]] of Object.entries(ways)) {
        yield [`the key in ${way}`, async () => {
            const to = someone();
            const body = new URLSearchParams({ ...flat(messageTo(to)), ...more }).toString();
            isSent((await post(`/v23.0${path}${query}`, { ...headers, ...FORM_TYPE }, body)).json, 'text', to);
            const parts = formOf({ ...flat(messageTo(to)), ...more });
            isSent((await post(`/v23.0${path}${query}`, { ...headers, ...PARTS_TYPE }, parts)).json, 'text', to);
        }];
        if (!more.access_token)
            yield [`the key in ${way}, of a call that is relayed`, async () => {
                const { json } = await ask('GET', `${world.url}/v23.0/${world.waba}/phone_numbers${query}`, headers);
                assert.equal(json.data[0].id, world.number);
            }];
    }

    for (const [name, encode] of Object.entries(encodings))
        for (const [type, content] of Object.entries(contents))
            yield [`${type} as ${name}`, async () => {
                const to = someone();
                const context = { message_id: world.received };
                const message = { messaging_product: 'whatsapp', to, type, [type]: content, context };
                const [headers, body] = encode(message);
                isSent((await post(`/v23.0${path}`, { ...bearer, ...headers }, body)).json, type, to);
            }];
    for (const [name, encode] of Object.entries(encodings))
        yield [`a receipt as ${name}`, async () => {
            const [headers, body] = encode({
                messaging_product: 'whatsapp', status: 'read', message_id: world.received,
                typing_indicator: { type: 'text' },
            });
            isDone((await post(`/v23.0${path}`, { ...bearer, ...headers }, body)).json);
        }];
    yield ['a text is what it is without a type', async () => {
        const to = someone();
        const { type, ...message } = messageTo(to);
        isSent((await post(`/v23.0${path}`, { ...bearer, ...JSON_TYPE }, JSON.stringify(message))).json, type, to);
    }];
    yield ['a number as people write it', async () => {
        const to = someone();
        const spelt = `+${to.slice(0, 2)} ${to.slice(2, 7)}-${to.slice(7)}`;
        const { json } = await post(`/v23.0${path}`, { ...bearer, ...JSON_TYPE }, JSON.stringify(messageTo(spelt)));
        assert.equal(json.contacts[0].wa_id, to);
        isSent({ ...json, contacts: [{ input: to, wa_id: to }] }, 'text', to);
    }];

    // What clients read of answers: some slow down by the headers of usage.
    yield ['headers', async () => {
        const good = await ask('GET', `${world.url}/v23.0/${world.number}`, bearer);
        const bad = await ask('GET', `${world.url}/v23.0/${world.number}/none`, bearer);
        for (const { headers } of [good, bad]) {
            for (const name of ['x-fb-trace-id', 'x-fb-request-id', 'x-fb-rev', 'x-fb-debug'])
                assert.ok(headers[name], name);
            assert.equal(typeof JSON.parse(headers['x-app-usage']).call_count, 'number');
            assert.equal(headers['facebook-api-version'], 'v23.0');
        }
        isRefusal(bad.json, 2500);
    }];
    const refusals = [
        ['no key', {}, path, JSON_TYPE, messageTo('919876543210'), 401, 190],
        ['a wrong key', { Authorization: 'OAuth EAAwrong' }, path, JSON_TYPE, messageTo('919876543210'), 401, 190],
        ['no recipient', bearer, path, JSON_TYPE, messageTo(undefined), 400, 131009],
        ['no JSON', bearer, path, JSON_TYPE, '{"to": ', 400, 100],
        ['a number that is nobody\'s', bearer, '/99/messages', JSON_TYPE, messageTo('919876543210'), 400, 100],
        ['an empty wallet', { Authorization: `Bearer ${world.poorKey}` }, `/${world.poorNumber}/messages`, JSON_TYPE,
            messageTo('919876543210'), 402, EMPTY_WALLET],
    ];
    for (const [what, headers, where, type, message, status, code] of refusals)
        yield [what, async () => {
            const body = typeof message === 'string' ? message : JSON.stringify(message);
            const answer = await post(`/v23.0${where}`, { ...headers, ...type }, body);
            assert.equal(answer.status, status, answer.bytes.toString());
            isRefusal(answer.json, code);
            if (status === 401)
                assert.match(answer.headers['www-authenticate'], /^OAuth "Facebook Platform" "invalid_token"/);
        }];
}
