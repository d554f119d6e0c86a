// What follows from an event: who is answered, with what, and what becomes of the answer.
const SECOND = 1000
const ANSWERED_WITHIN = 3600 * SECOND // later than that it is a person's matter
const ANSWERS_A_MINUTE = 5 // to one contact: it may be a bot, too, and each answer costs
const TIMEOUT = 20 * SECOND

// Nobody expects an answer to a reaction, an edit, what was taken back, or what was said in a group.
const isSaid = (message) => !message.group_id && !message.changes && !['reaction', 'system', 'unsupported'].includes(message.type)

// The same bytes each time, for the same Idempotency-Key.
function answerTo(id, message, until) {
    const name = message.name ? `, ${message.name}` : ''
    return JSON.stringify({
        channel_id: message.channel_id, // the number that was written to
        ...(message.phone && {phone: `+${message.phone}`}),
        reply_to: message.wamid,
        not_after: new Date(until).toISOString(),
        payload: {
            type: 'text',
            text: {body: `Thank you${name}! We have your message and come back to you.`},
            // WhatsApp does not tell everybody's number.
            ...(!message.phone && {messaging_product: 'whatsapp', recipient: message.user_id}),
            biz_opaque_callback_data: id, // is told as callback_data, should it fail
        },
    })
}

// What an answer of the API means: it is done; or it may be otherwise later, and after `wait` at the earliest.
async function meaning(response) {
    const {code, detail, message_id} = await response.json().catch(() => ({})) // a proxy's page is no JSON
    if (response.ok) return {done: 'answered', message_id}
    if (code === 'idempotency_conflict') return {done: 'answered'} // by this bot, when its words were others
    const isFinal = [400, 404, 409, 413].includes(response.status) && code !== 'channel_paused'
    if (isFinal) return {done: 'not answered', why: code, field: detail?.field}
    // Nothing in the wallet, a paused number, a key without its right, an outage: it may be mended in time.
    const seconds = Number(response.headers.get('Retry-After')) || 0 // (a proxy may have a date there)
    return {why: code ?? response.status, wait: SECOND * seconds}
}

export class Answering {
    #url
    #key
    #isOurs
    #lately = new Map() // how often each contact was answered within a minute

    // isOurs: is it the id of an event that this bot was told, and so of what it has answered?
    constructor(url, key, isOurs) {
        this.#url = url
        this.#key = key
        this.#isOurs = isOurs
    }

    // What came of it: {done}; or {why, wait}, and it is dealt with again later. Throws where nobody answers.
    async deal(id, {type, data}) {
        switch (type) {
            case 'message.received':
                return this.#answer(id, data)
            case 'message.failed': // it is not sent again by itself: Meta will not take it, or it is paid twice
                return {done: this.#isOurs(data.callback_data) ? 'answer failed' : 'not ours', of: data.callback_data, why: data.error?.code}
            default: // types are added now and then
                return {done: 'nothing to do'}
        }
    }

    async #answer(id, message) {
        const until = Date.parse(message.sent_at) + ANSWERED_WITHIN
        if (!isSaid(message)) return {done: 'nothing to do'}
        if (Date.now() >= until) return {done: 'not answered', why: 'too late'}
        const contact = await this.#call('GET', `/api/contacts/${message.contact_id}`)
        if (contact.status === 404) return {done: 'left alone', why: 'erased'}
        if (!contact.ok) return meaning(contact)
        // It has said STOP, perhaps just now; or a person has noted it. Until it says START it is left alone.
        const {channels} = await contact.json()
        if (channels.some((channel) => channel.channel_id === message.channel_id && channel.opted_out_at))
            return {done: 'left alone', why: 'opted out'}
        if ((this.#lately.get(message.contact_id) ?? 0) >= ANSWERS_A_MINUTE) return {done: 'left alone', why: 'too much'}
        const outcome = await meaning(await this.#call('POST', '/api/send-message', answerTo(id, message, until), {
            'Idempotency-Key': id,
            Prefer: 'respond-async', // what Meta says to it is told by message.failed
        }))
        if (outcome.done === 'answered') this.#count(message.contact_id)
        return outcome
    }

    #count(contact) {
        this.#lately.set(contact, (this.#lately.get(contact) ?? 0) + 1)
        setTimeout(() => {
            const left = this.#lately.get(contact) - 1
            if (left > 0) this.#lately.set(contact, left)
            else this.#lately.delete(contact)
        }, 60 * SECOND)
    }

    #call(method, path, body, headers = {}) {
        return fetch(this.#url + path, {
            method,
            body,
            headers: {Authorization: `Bearer ${this.#key}`, ...(body && {'Content-Type': 'application/json'}), ...headers},
            signal: AbortSignal.timeout(TIMEOUT),
        })
    }
}
