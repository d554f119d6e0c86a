// whatsapp: Meta's own SDK for Node. Its host is graph.facebook.com, by https on port 443.
import assert from 'node:assert/strict';
import { EMPTY_WALLET, isDone, isRefusal, isSent, link, someone, world } from './world.mjs';

process.env.NODE_ENV = 'production'; // else it asks for a package that it does not bring
process.env.CLOUD_API_VERSION = 'v16.0';
process.env.CLOUD_API_ACCESS_TOKEN = world.key;
const { default: WhatsApp } = await import('whatsapp');

const media = ['image', 'video', 'audio', 'document', 'sticker'];
const more = { document: { filename: 'report.pdf', caption: 'A report' }, image: { caption: 'An image' } };

const others = [
    ['text', { body: 'Hello' }],
    ['text', { body: `See ${link('page')}`, preview_url: true }],
    ['location', { latitude: 28.6, longitude: 77.2, name: 'Shop', address: '1 Road' }],
    ['contacts', [{ name: { formatted_name: 'Asha', first_name: 'Asha' }, phones: [{ phone: '+919876543210' }] }]],
    ['template', {
        name: 'order_update', language: { policy: 'deterministic', code: 'en_US' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }],
    }],
    ['interactive', {
        type: 'button', body: { text: 'Is it so?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
    }],
    ['interactive', {
        type: 'list', body: { text: 'Which?' },
        action: { button: 'Choose', sections: [{ title: 'All', rows: [{ id: 'a', title: 'A' }] }] },
    }],
    ['interactive', {
        type: 'product', body: { text: 'This' }, action: { catalog_id: '4711', product_retailer_id: 'sku-1' },
    }],
    ['interactive', {
        type: 'product_list', body: { text: 'These' }, header: { type: 'text', text: 'Ours' },
        action: {
            catalog_id: '4711',
            sections: [{ title: 'All', product_items: [{ product_retailer_id: 'sku-1' }] }],
        },
    }],
];

export function* steps() {
    const client = new WhatsApp(Number(world.number));
    const answered = async (call, status) => {
        const response = await call;
        const answer = await response.responseBodyToJSON();
        assert.equal(response.statusCode(), status, JSON.stringify(answer));
        return answer;
    };
    const send = async (type, input, reply) => {
        const to = someone();
        return isSent(await answered(client.messages[type](input, to, reply), 200), type, to);
    };

    for (const [type, input] of others)
        yield [`${type} is sent`, () => send(type, input)];
    for (const type of media) {
        yield [`${type} is sent by link`, () => send(type, { link: link(type), ...more[type] })];
        yield [`${type} is sent by id`, () => send(type, { id: '4711', ...more[type] })];
    }
    yield ['a reply is sent', async () => send('text', { body: 'Second' }, await send('text', { body: 'First' }))];
    yield ['a receipt', async () =>
        isDone(await answered(client.messages.status({ status: 'read', message_id: world.received }), 200))];
    yield ['the PIN', async () => isDone(await answered(client.twoStepVerification.setPin(654321), 200))];
    yield ['a refusal', async () => {
        const refusal = await answered(client.messages.text({ body: 'Late' }, '15550131047'), 400);
        assert.ok(isRefusal(refusal, 131047).error_data.details);
        isRefusal(await answered(client.messages.text({}, someone()), 400), 131009);
    }];
    yield ['a wrong key', async () => {
        client.requester.accessToken = 'EAAwrong';
        isRefusal(await answered(client.messages.text({ body: 'Hello' }, someone()), 401), 190);
    }];
    yield ['an empty wallet', async () => {
        process.env.CLOUD_API_ACCESS_TOKEN = world.poorKey;
        const poor = new WhatsApp(Number(world.poorNumber));
        isRefusal(await answered(poor.messages.text({ body: 'Hello' }, someone()), 402), EMPTY_WALLET);
    }];
}
