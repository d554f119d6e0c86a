// The calls of products that people host themselves and that take Graph's host from a setting, as each makes them:
// its paths, queries, headers, bodies, in its order. Written down from what they send; nothing of theirs runs here.
import assert from 'node:assert/strict';
import { ask, BOUNDARY, formOf } from './http.mjs';
import { isDone, isSent, link, picture, someone, template } from './world.mjs';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

// Of a request: `to` makes its answer one for a message of `type`; else `is` looks at the answer. What is
// remembered by `keep` is there for the requests behind it.
const seen = {};
const bearer = (world, more) => ({ Authorization: `Bearer ${world.key}`, ...more });

const chatwoot = world => {
    // Ruby's HTTParty: members that are not set are null; v13.0 for numbers, v14.0 for accounts; the key in the query
    // where it reads templates.
    const headers = bearer(world, { ...JSON_TYPE, Accept: '*/*', 'User-Agent': 'Ruby' });
    const messages = `/v13.0/${world.number}/messages`;
    const templates = `/v14.0/${world.waba}/message_templates?access_token=${world.key}`;
    const message = (type, content, more) => {
        const to = someone();
        return {
            post: messages, headers, to, type,
            body: { messaging_product: 'whatsapp', context: null, to, type, [type]: content, ...more },
        };
    };
    // What it offers to choose from is a text that is JSON, two levels below.
    const buttons = JSON.stringify({ buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] });
    const rows = JSON.stringify({
        button: 'Choose an item', sections: [{ rows: [{ id: 'a', title: 'A' }, { id: 'b', title: 'B' }] }],
    });
    return [
        { get: templates, is: answer => assert.equal(answer.data.length, 0) },
        ...Array.from({ length: 30 }, (_, i) => ({
            post: `/v14.0/${world.waba}/message_templates`, headers, body: template(`template_${i}`),
            is: answer => assert.ok(answer.id),
        })),
        { get: templates, is: answer => assert.equal(answer.data.length, 25), keep: 'page' },
        // The next page is called as it stands there, without a header.
        { get: () => seen.page.paging.next, is: answer => assert.equal(answer.data.length, 5) },
        message('text', { body: 'Hello' }),
        message('text', { body: 'Hello again' }, { context: { message_id: world.received } }),
        message('image', { link: link('image.png'), caption: null }),
        message('document', { link: link('report.pdf'), caption: 'A report', filename: 'report.pdf' }),
        message('audio', { link: link('audio.ogg') }),
        message('interactive', { type: 'button', body: { text: 'Is it so?' }, action: buttons }),
        message('interactive', { type: 'list', body: { text: 'Which?' }, action: rows }),
        message('template', {
            name: 'order_update', language: { policy: 'deterministic', code: 'en_US' },
            components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }],
        }, { recipient_type: 'individual' }),
        ...fileOf(world, 'v13.0', headers, `?phone_number_id=${world.number}`),
        {
            get: `/v22.0/${world.number}?fields=quality_rating,display_phone_number&access_token=${world.key}`,
            is: answer => assert.equal(answer.id, world.number),
        },
        { get: `/v22.0/${world.waba}/phone_numbers?access_token=${world.key}`,
            is: answer => assert.equal(answer.data[0].id, world.number) },
        { post: `/v22.0/${world.number}/register`, headers, body: { messaging_product: 'whatsapp', pin: '123456' },
            is: isDone },
        { post: `/v22.0/${world.waba}/subscribed_apps`, headers, is: isDone },
        { get: `/v14.0/${world.waba}/message_templates?access_token=EAAwrong`, status: 401 },
    ];
};

const typebot = world => {
    // It asks what its token may before anything else, in a path without a version.
    const headers = bearer(world, { Accept: 'application/json', 'User-Agent': 'node' });
    const message = (type, content, more) => {
        const to = someone();
        return {
            post: `/v21.0/${world.number}/messages`, headers: { ...headers, ...JSON_TYPE }, to, type,
            body: { messaging_product: 'whatsapp', to, type, [type]: content, ...more },
        };
    };
    return [
        {
            get: `/debug_token?input_token=${world.key}&access_token=${world.key}`,
            is: ({ data }) => {
                assert.equal(data.expires_at, 0);
                assert.ok(data.scopes.includes('whatsapp_business_messaging'));
            },
        },
        { get: `/v21.0/${world.number}`, headers, is: answer => assert.ok(answer.display_phone_number) },
        message('text', { body: 'Hello', preview_url: false }),
        message('image', { link: link('image.png') }),
        message('video', { link: link('video.mp4') }),
        message('audio', { link: link('audio.mp3') }),
        message('interactive', {
            type: 'button', header: { type: 'image', image: { link: link('head.png') } }, body: { text: 'Is it so?' },
            action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
        }),
        message('interactive', {
            type: 'cta_url', body: { text: 'See it' },
            action: { name: 'cta_url', parameters: { display_text: 'See', url: link('it') } },
        }),
        message('template', { name: 'greeting', language: { code: 'en' } }, { preview_url: true }),
        {
            post: `/v21.0/${world.number}/messages`, headers: { ...headers, ...JSON_TYPE }, is: isDone,
            body: {
                messaging_product: 'whatsapp', status: 'read', message_id: world.received,
                typing_indicator: { type: 'text' },
            },
        },
        ...fileOf(world, 'v21.0', headers),
    ];
};

const evolution = world => {
    // axios, each body with all that it may have.
    const headers = bearer(world, {
        ...JSON_TYPE, Accept: 'application/json, text/plain, */*', 'User-Agent': 'axios/1.7',
    });
    const messages = `/v20.0/${world.number}/messages`;
    const message = (type, content, more) => {
        const to = someone();
        return {
            post: messages, headers, to, type,
            body: { messaging_product: 'whatsapp', recipient_type: 'individual', to, type, [type]: content, ...more },
        };
    };
    return [
        message('text', { body: 'Hello', preview_url: true }),
        message('reaction', { message_id: world.received, emoji: '👍' }),
        message('location', { longitude: 77.2, latitude: 28.6, name: 'Shop', address: '1 Road' }),
        message('contacts', [{
            name: { formatted_name: 'Asha', first_name: 'Asha' },
            phones: [{ phone: '919876543210', wa_id: '919876543210' }],
        }]),
        message('interactive', {
            type: 'button', body: { text: 'Is it so?' },
            action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
        }),
        message('interactive', {
            type: 'list', header: { type: 'text', text: 'A question' }, body: { text: 'Which?' },
            action: { button: 'Choose', sections: [{ title: 'All', rows: [{ id: 'a', title: 'A' }] }] },
        }),
        {
            post: `/v20.0/${world.number}/media`, headers: { ...headers, ...FORM_TYPE },
            form: {
                typeFile: 'image/png', file: { file: picture, type: 'image/png', name: 'up.png' },
                messaging_product: 'whatsapp',
            },
            is: answer => assert.ok(answer.id),
        },
        message('image', { link: link('image.png'), caption: 'An image' }),
        message('document', { link: link('report.pdf'), filename: 'report.pdf' },
            { context: { message_id: world.received } }),
        message('template', { name: 'greeting', language: { code: 'en' }, components: [] }),
        {
            post: `/v20.0/${world.waba}/message_templates`, headers, body: template('mine'),
            is: answer => assert.ok(answer.id),
        },
        { get: `/v20.0/${world.waba}/message_templates`, headers, is: answer => assert.ok(answer.data.length > 0) },
        {
            post: messages, headers, is: isDone,
            body: { messaging_product: 'whatsapp', status: 'read', message_id: world.received },
        },
        ...fileOf(world, 'v20.0', headers),
    ];
};

const frappe = world => {
    // Python's requests: names of headers in small letters, the body's type said for GET too, a `/` behind a file's id.
    const headers = {
        authorization: `Bearer ${world.key}`, 'content-type': 'application/json', Accept: '*/*',
        'User-Agent': 'python-requests/2.32',
    };
    const message = (type, content) => {
        const to = someone();
        return {
            post: `/v17.0/${world.number}/messages`, headers, to, type,
            body: { messaging_product: 'whatsapp', to, type, [type]: content },
        };
    };
    return [
        message('text', { preview_url: true, body: 'Hello' }),
        message('template', {
            name: 'greeting', language: { code: 'en' }, components: [{ type: 'body', parameters: [] }],
        }),
        {
            post: `/v17.0/${world.waba}/message_templates`, headers, body: template('frappe'), keep: 'made',
            is: answer => assert.ok(answer.id),
        },
        {
            post: () => `/v17.0/${seen.made.id}`, headers, is: isDone,
            body: { components: template('frappe').components },
        },
        {
            get: `/v17.0/${world.waba}/message_templates?name=frappe`, headers,
            is: answer => assert.equal(answer.data.length, 1),
        },
        { delete: `/v17.0/${world.waba}/message_templates?name=frappe`, headers, is: isDone },
        ...fileOf(world, 'v17.0', headers, '/'),
    ];
};

// A file that came: it is looked up, and read from its address with the same headers.
function fileOf(world, version, headers, behind = '') {
    return [
        {
            post: `/${version}/${world.number}/media`, headers: { ...bearer(world), ...FORM_TYPE }, keep: 'file',
            form: {
                messaging_product: 'whatsapp', file: { file: picture, type: 'image/png', name: 'in.png' },
                type: 'image/png',
            },
            is: answer => assert.ok(answer.id),
        },
        {
            get: () => `/${version}/${seen.file.id}${behind}`, headers, keep: 'file',
            is: answer => assert.ok(answer.url),
        },
        { get: () => seen.file.url, headers, bytes: picture },
    ];
}

async function play(world, { headers, body, form, to, type, is, keep, bytes, status = 200, ...call }) {
    const [[method, where]] = Object.entries(call);
    const path = typeof where === 'function' ? where() : where;
    const content = form ? formOf(form) : body && JSON.stringify(body);
    const answer = await ask(method.toUpperCase(), new URL(path, world.url), headers, content);
    assert.equal(answer.status, status, answer.bytes.toString());
    if (keep)
        seen[keep] = answer.json;
    if (to)
        isSent(answer.json, type, to);
    is?.(answer.json);
    if (bytes)
        assert.ok(answer.bytes.equals(bytes));
}

export function* steps(world) {
    for (const [product, callsOf] of Object.entries({ chatwoot, typebot, evolution, frappe }))
        for (const [i, call] of callsOf(world).entries())
            yield [`${product}'s request ${i} (${Object.keys(call)[0]} ${call.type ?? ''})`, () => play(world, call)];
}
