// What the clients are to reach, and what is expected of the answers to them.
import assert from 'node:assert/strict';

const env = process.env;

export const world = {
    url: env.GATEWAY_URL, // "http://127.0.0.1:3000": where Graph would be
    key: env.KEY, // where Meta's token would be
    poorKey: env.POOR_KEY, // of an org whose wallet is empty
    poorNumber: env.POOR_PHONE_NUMBER_ID,
    number: env.PHONE_NUMBER_ID,
    waba: env.WABA_ID,
    received: env.RECEIVED_WAMID, // a message that a customer has written
    directory: env.DIRECTORY, // for files of the client's own
};

// A file of every byte, longer than a buffer.
export const picture = Buffer.alloc(70_001, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));

export const link = kind => `https://example.com/${kind}`;

// Meta's own code for an empty wallet is none: this is Tollgate's.
export const EMPTY_WALLET = Number(env.EMPTY_WALLET_CODE);

const sent = new Map();
let lastNumber = 919876500000;

// A contact whom nobody has written to.
export const someone = () => String(++lastNumber);

export const sentByType = () => [...sent].sort().map(([type, n]) => `${type} ${n}`).join(' ');

// The answer must be Meta's for a message of this type, `to` that contact; returns its wamid.
export function isSent(answer, type, to) {
    assert.equal(answer.messaging_product ?? answer.messagingProduct, 'whatsapp');
    const [contact] = answer.contacts;
    assert.equal(contact.input, to);
    assert.equal(contact.wa_id ?? contact.waId, to.replace('+', ''));
    assert.match(answer.messages[0].id, /^wamid\./);
    sent.set(type, (sent.get(type) ?? 0) + 1);
    return answer.messages[0].id;
}

export function isDone(answer) {
    assert.equal(answer.success, true, JSON.stringify(answer));
}

// Meta's envelope, as it came.
export function isRefusal({ error }, code) {
    assert.equal(error.code, code, JSON.stringify(error));
    assert.equal(typeof error.message, 'string');
    assert.equal(typeof error.type, 'string');
    assert.equal(typeof error.fbtrace_id, 'string');
    return error;
}

export const template = name => ({
    name,
    language: 'en_US',
    category: 'UTILITY',
    components: [{ type: 'BODY', text: 'Your order is on its way.' }],
});
