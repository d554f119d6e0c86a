// whatsapp-business: by axios to https://graph.facebook.com/v17.0, and files as streams.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import business from 'whatsapp-business';
import { EMPTY_WALLET, isDone, isSent, link, picture, someone, world } from './world.mjs';

const media = ['image', 'video', 'audio', 'document', 'sticker'];

const others = [
    { type: 'text', text: { body: 'Hello', preview_url: false } },
    { type: 'location', location: { latitude: 28.6, longitude: 77.2, name: 'Shop', address: '1 Road' } },
    { type: 'contacts', contacts: [{ name: { formatted_name: 'Asha', first_name: 'Asha' } }] },
    {
        type: 'template',
        template: {
            name: 'order_update', language: { policy: 'deterministic', code: 'en_US' },
            components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }],
        },
    },
    {
        type: 'interactive',
        interactive: {
            type: 'button', body: { text: 'Is it so?' },
            action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
        },
    },
    {
        type: 'interactive',
        interactive: {
            type: 'list', body: { text: 'Which?' },
            action: { button: 'Choose', sections: [{ title: 'All', rows: [{ id: 'a', title: 'A' }] }] },
        },
    },
];

export function* steps() {
    const clientWith = (apiToken, phoneId) => new business.WABAClient({ apiToken, phoneId, accountId: world.waba });
    const client = clientWith(world.key, world.number);
    const send = async message => {
        const to = someone();
        return { to, wamid: isSent(await client.sendMessage({ to, ...message }), message.type, to) };
    };
    // It rejects with Meta's error itself, whose message it has replaced by its own for the code.
    const refused = async (call, code, message) => {
        const error = await call.then(() => assert.fail('nothing was refused'), error => error);
        assert.equal(error.code, code, JSON.stringify(error));
        assert.ok(error.fbtrace_id && error.type);
        if (message)
            assert.equal(error.message, message);
    };

    for (const message of others)
        yield [`${message.type} is sent`, () => send(message)];
    yield ['a reaction and a reply are sent', async () => {
        const { to, wamid } = await send({ type: 'text', text: { body: 'First' } });
        await send({ type: 'reaction', reaction: { message_id: wamid, emoji: '👍' } });
        const reply = { to, type: 'text', text: { body: 'Second' }, context: { message_id: wamid } };
        isSent(await client.sendMessage(reply), 'text', to);
    }];
    for (const type of media)
        yield [`${type} is sent by link`, () => send({ type, [type]: { link: link(type) } })];

    let id;
    yield ['a file goes up, by chunks', async () => {
        const file = `${world.directory}/up.png`;
        writeFileSync(file, picture);
        ({ id } = await client.uploadMedia({ file, type: 'image/png' }));
    }];
    for (const type of media)
        yield [`${type} is sent by id`, () => send({ type, [type]: { id } })];
    yield ['a file comes down', async () => {
        const { url, file_size, mime_type } = await client.getMedia(id);
        assert.equal(Number(file_size), picture.length);
        assert.equal(mime_type, 'image/png');
        const file = `${world.directory}/down.png`;
        await once(await client.downloadMedia(url, file), 'finish');
        assert.ok(readFileSync(file).equals(picture));
    }];
    yield ['a file goes away', async () => {
        isDone(await client.deleteMedia(id));
        await refused(client.getMedia(id), 100, 'Invalid parameter');
    }];
    yield ['the profile', async () => {
        isDone(await client.updateBusinessProfile({ about: 'Open', vertical: 'RETAIL', websites: [link('us')] }));
        const { data } = await client.getBusinessProfile(['about', 'vertical']);
        assert.deepEqual([data[0].about, data[0].vertical], ['Open', 'RETAIL']);
        assert.ok((await client.getBusinessProfile()).data[0].websites);
    }];
    yield ['a receipt', async () => isDone(await client.markMessageAsRead(world.received))];
    yield ['numbers', async () => {
        const { data } = await client.getBusinessPhoneNumbers();
        assert.deepEqual(data.map(({ id }) => id), [world.number]);
        assert.equal((await client.getSingleBusinessPhoneNumber(world.number)).id, world.number);
    }];
    yield ['the PIN', async () => {
        isDone(await client.setupTwoStepAuth({ phoneNumberId: world.number, pin: '654321' }));
        isDone(await client.registerPhone({ phoneNumberId: world.number, pin: '654321' }));
        const wrong = client.registerPhone({ phoneNumberId: world.number, pin: '000000' });
        await refused(wrong, 133005, 'Security PIN Mismatch');
    }];
    yield ["Meta's refusal", () => {
        const late = client.sendMessage({ to: '15550131047', type: 'text', text: { body: 'Late' } });
        return refused(late, 131047, 'Re-engagement message');
    }];
    yield ['a wrong key', () =>
        refused(clientWith('EAAwrong', world.number).getBusinessProfile(), 190, 'Access token has expired')];
    yield ['an empty wallet', () => {
        const poor = clientWith(world.poorKey, world.poorNumber);
        return refused(poor.sendMessage({ to: someone(), type: 'text', text: { body: 'Hello' } }), EMPTY_WALLET);
    }];
    yield ['what is not relayed', () =>
        refused(client.updateIdentityCheckState({ enable_identity_key_check: true }), 2500)];
}
