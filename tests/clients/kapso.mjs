// @kapso/whatsapp-cloud-api: takes a base URL.
import assert from 'node:assert/strict';
import { WhatsAppClient, GraphApiError } from '@kapso/whatsapp-cloud-api';
import { EMPTY_WALLET, isDone, isSent, link, picture, someone, template } from './world.mjs';

const buttons = [{ id: 'yes', title: 'Yes' }, { id: 'no', title: 'No' }];
const rows = [{ id: 'a', title: 'A', description: 'The first' }, { id: 'b', title: 'B' }];
const card = cardIndex => ({
    cardIndex,
    header: { type: 'image', image: { link: link('card.png') } },
    bodyText: `Card ${cardIndex}`,
    action: { displayText: 'Look', url: link('card') },
});

const media = [
    ['Image', 'image', { caption: 'An image' }],
    ['Video', 'video', { caption: 'A video' }],
    ['Audio', 'audio', {}],
    ['Document', 'document', { caption: 'A document', filename: 'report.pdf' }],
    ['Sticker', 'sticker', {}],
];

const others = [
    ['Text', 'text', { body: 'Hello' }],
    ['Text', 'text', { body: `See ${link('page')}`, previewUrl: true, bizOpaqueCallbackData: 'mine' }],
    ['Location', 'location', { location: { latitude: 28.6, longitude: 77.2, name: 'Shop', address: '1 Road' } }],
    ['Contacts', 'contacts', {
        contacts: [{
            name: { formattedName: 'Asha Rao', firstName: 'Asha' },
            birthday: '1990-05-01',
            phones: [{ phone: '+919876543210', type: 'WORK', waId: '919876543210' }],
            emails: [{ email: 'asha@example.com', type: 'WORK' }],
            org: { company: 'Sums' },
            urls: [{ url: link('asha'), type: 'HOME' }],
            addresses: [{ city: 'Pune', countryCode: 'IN', type: 'HOME' }],
        }],
    }],
    ['Template', 'template', {
        template: {
            name: 'order_update',
            language: { code: 'en_US' },
            components: [
                { type: 'header', parameters: [{ type: 'image', image: { link: link('head.png') } }] },
                { type: 'body', parameters: [{ type: 'text', text: 'Asha' }] },
                {
                    type: 'button', subType: 'quick_reply', index: '0',
                    parameters: [{ type: 'payload', payload: 'ok' }],
                },
            ],
        },
    }],
    ['InteractiveButtons', 'interactive', {
        bodyText: 'Is it so?', footerText: 'Tell us', buttons, header: { type: 'text', text: 'A question' },
    }],
    ['InteractiveButtons', 'interactive', {
        bodyText: 'And this?', buttons, header: { type: 'document', document: { link: link('terms.pdf') } },
    }],
    ['InteractiveList', 'interactive', {
        bodyText: 'Which?', buttonText: 'Choose', sections: [{ title: 'All', rows }], footerText: 'One of them',
    }],
    ['InteractiveProduct', 'interactive', { bodyText: 'This one', catalogId: '4711', productRetailerId: 'sku-1' }],
    ['InteractiveProductList', 'interactive', {
        bodyText: 'These', catalogId: '4711', header: { type: 'text', text: 'Ours' },
        sections: [{ title: 'All', productItems: [{ productRetailerId: 'sku-1' }, { productRetailerId: 'sku-2' }] }],
    }],
    ['InteractiveFlow', 'interactive', {
        bodyText: 'Fill it in',
        parameters: {
            flowId: '815', flowCta: 'Begin', flowToken: 'token', flowAction: 'navigate',
            flowActionPayload: { screen: 'FIRST', data: { a: 1 } },
        },
    }],
    ['InteractiveAddress', 'interactive', { bodyText: 'Where to?', parameters: { country: 'IN' } }],
    ['InteractiveLocationRequest', 'interactive', {
        bodyText: 'Where are you?', parameters: { requestMessage: 'Where are you?' },
    }],
    ['InteractiveCtaUrl', 'interactive', {
        bodyText: 'See it', parameters: { displayText: 'See', url: link('it') }, footerText: 'On our site',
    }],
    ['InteractiveCarousel', 'interactive', { bodyText: 'Look at these', cards: [card(0), card(1)] }],
    ['InteractiveCatalogMessage', 'interactive', {
        bodyText: 'All of it', parameters: { thumbnailProductRetailerId: 'sku-1' },
    }],
    ['InteractiveCallPermission', 'interactive', {
        bodyText: 'May we call?', parameters: { phoneNumber: '919876543210', callPurpose: 'About the order' },
    }],
];

export function* steps(world) {
    const client = new WhatsAppClient({ accessToken: world.key, baseUrl: world.url, graphVersion: 'v23.0' });
    const { messages, phoneNumbers, templates } = client;
    const number = { phoneNumberId: world.number };
    const account = { businessAccountId: world.waba };

    const send = async (method, type, input) => {
        const to = someone();
        return { to, wamid: isSent(await messages[`send${method}`]({ ...number, to, ...input }), type, to) };
    };
    // A refusal is the client's own error, with Meta's code.
    const refused = async (call, httpStatus, code, more = {}) => {
        const error = await call.then(() => assert.fail('nothing was refused'), error => error);
        assert.ok(error instanceof GraphApiError, error.stack);
        assert.deepEqual({ httpStatus: error.httpStatus, code: error.code }, { httpStatus, code }, error.message);
        assert.ok(error.fbtraceId && error.type && error.message);
        for (const [name, value] of Object.entries(more))
            assert.equal(error[name], value);
        return error;
    };

    for (const [method, type, input] of others)
        yield [`${method} is sent`, () => send(method, type, input)];
    yield ['a reaction and a reply are sent', async () => {
        const { to, wamid } = await send('Text', 'text', { body: 'First' });
        const reaction = { messageId: wamid, emoji: '👍' };
        isSent(await messages.sendReaction({ ...number, to, reaction }), 'reaction', to);
        isSent(await messages.sendText({ ...number, to, body: 'Second', contextMessageId: wamid }), 'text', to);
    }];
    yield ['a number with + is reached', async () => {
        const to = `+${someone()}`;
        isSent(await messages.sendText({ ...number, to, body: 'Hello' }), 'text', to);
    }];
    for (const [method, type, more] of media)
        yield [`${method} is sent by link`, () => send(method, type, { [type]: { link: link(type), ...more } })];

    let id;
    yield ['a file goes up', async () => {
        const file = new Blob([picture], { type: 'image/png' });
        ({ id } = await client.media.upload({ ...number, type: 'image/png', file, fileName: 'a b.png' }));
        assert.match(id, /^\d+$/);
    }];
    for (const [method, type, more] of media)
        yield [`${method} is sent by id`, () => send(method, type, { [type]: { id, ...more } })];
    yield ['what is known of a file', async () => {
        for (const more of [{}, number]) {
            const file = await client.media.get({ mediaId: id, ...more });
            assert.equal(file.id, id);
            assert.equal(file.mimeType, 'image/png');
            assert.equal(Number(file.fileSize), picture.length);
            assert.match(file.sha256, /^[0-9a-f]{64}$/);
            assert.ok(file.url.startsWith(world.url), file.url);
        }
    }];
    yield ['a file comes down', async () => {
        const bytes = await client.media.download({ mediaId: id, ...number, auth: 'always' });
        assert.ok(Buffer.from(bytes).equals(picture));
    }];
    yield ['a file without the key does not', async () => {
        const answer = await client.media.download({ mediaId: id, auth: 'never', as: 'response' });
        assert.equal(answer.status, 401);
    }];
    yield ['a file goes away', async () => {
        isDone(await client.media.delete({ mediaId: id, ...number }));
        await refused(client.media.get({ mediaId: id }), 400, 100, { errorSubcode: 33 });
    }];

    yield ['templates', async () => {
        for (const name of ['one', 'two', 'three'])
            assert.match((await templates.create({ ...account, ...template(name) })).id, /^\d+$/);
        const page = await templates.list({ ...account, limit: 2 });
        assert.deepEqual(page.data.map(({ name }) => name), ['one', 'two']);
        const { after } = page.paging.cursors;
        const last = await templates.list({ ...account, limit: 2, after });
        assert.deepEqual(last.data.map(({ name }) => name), ['three']);
        assert.equal((await templates.list({ ...account, name: 'two' })).data.length, 1);
        for (const name of ['one', 'two', 'three'])
            isDone(await templates.delete({ ...account, name }));
        assert.equal((await templates.list(account)).data.length, 0);
        await refused(templates.create({ ...account, ...template('Not A Name') }), 400, 100, { errorSubcode: 2388040 });
    }];
    yield ['the profile', async () => {
        isDone(await phoneNumbers.businessProfile.update({ ...number, about: 'Open', websites: [link('us')] }));
        const { data } = await phoneNumbers.businessProfile.get({ ...number, fields: 'about,websites' });
        assert.equal(data[0].about, 'Open');
        assert.deepEqual(data[0].websites, [link('us')]);
    }];
    yield ['receipts', async () => {
        const messageId = world.received;
        isDone(await messages.markRead({ ...number, messageId }));
        isDone(await messages.markRead({ ...number, messageId, typingIndicator: { type: 'text' } }));
    }];
    yield ['a number is registered', async () => isDone(await phoneNumbers.register({ ...number, pin: '123456' }))];

    yield ["Meta's refusal", async () => {
        const error = await refused(messages.sendText({ ...number, to: '15550131047', body: 'Late' }), 400, 131047);
        assert.equal(error.category, 'reengagementWindow');
        assert.ok(error.details);
        await refused(messages.sendText({ ...number, to: '15550131026', body: 'Nobody' }), 400, 131026);
        const none = { ...number, to: someone(), interactive: { type: 'none' } };
        await refused(messages.sendInteractiveRaw(none), 400, 131009);
    }];
    yield ['a wrong key', async () => {
        const stranger = new WhatsAppClient({ accessToken: 'EAAwrong', baseUrl: world.url });
        const error = await refused(stranger.messages.sendText({ ...number, to: someone(), body: 'Hello' }), 401, 190);
        assert.ok(error.isAuthError() && error.requiresTokenRefresh());
        await refused(stranger.templates.list(account), 401, 190);
    }];
    yield ['an empty wallet', async () => {
        const poor = new WhatsAppClient({ accessToken: world.poorKey, baseUrl: world.url });
        const input = { phoneNumberId: world.poorNumber, to: someone(), body: 'Hello' };
        await refused(poor.messages.sendText(input), 402, EMPTY_WALLET);
    }];
    yield ["another's number", async () => {
        const input = { phoneNumberId: world.poorNumber, to: someone(), body: 'Hello' };
        await refused(messages.sendText(input), 400, 100, { errorSubcode: 33 });
        await refused(phoneNumbers.businessProfile.get({ phoneNumberId: world.poorNumber }), 400, 100);
    }];
    yield ['what is not relayed', () => refused(phoneNumbers.settings.get(number), 404, 2500)];
}
