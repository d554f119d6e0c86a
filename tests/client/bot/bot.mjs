// A bot that answers an org's customers, to be read as an example: an endpoint of Tollgate's (docs/endpoints.md) tells it
// what they write, and it answers by POST /api/send-message (docs/api.md).
//
//     TOLLGATE_URL=https://gateway.example.com TOLLGATE_KEY=tg_... TOLLGATE_SECRET=whsec_... node bot.mjs JOURNAL PORT
//
// TOLLGATE_KEY needs the rights send and read. TOLLGATE_SECRET is that of the endpoint, which asks for message.received
// and message.failed. It listens on 127.0.0.1:PORT, where a proxy with TLS passes on what is posted; with BOT_CERTIFICATE
// and BOT_KEY, two files, it has TLS itself.
//
// Each message gets one answer, though this program may be killed at any moment, and be told of it again and again:
//
// - What it is told is on disk before it says so (204): from then on nobody tells it again.
// - By webhook-id it knows what it was told before, for longer than Tollgate can tell it again.
// - An answer is sent with that id as its Idempotency-Key: one that left just before a crash is not sent again after it.
import {readFileSync} from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import {Webhook} from 'standardwebhooks'
import {Answering} from './answering.mjs'
import {Journal} from './journal.mjs'

const SECOND = 1000
const BODY_MAX = 64 * 1024 // Tollgate's are below 20 kB
const AT_ONCE = 8
const PAUSE_MAX = 60 * SECOND

const [path, port] = process.argv.slice(2)
const {TOLLGATE_URL, TOLLGATE_KEY, TOLLGATE_SECRET, BOT_CERTIFICATE, BOT_KEY} = process.env
const webhook = new Webhook(TOLLGATE_SECRET)
const journal = await Journal.open(path)
const answering = new Answering(TOLLGATE_URL, TOLLGATE_KEY, (id) => journal.knows(id))

// Ids and codes alone: what people write is nobody's who reads a log.
const say = (what, more) => console.log(JSON.stringify({at: new Date().toISOString(), what, ...more}))

// --- What is to be done, so many at once

const todo = journal.waiting()
let atWork = 0

function work() {
    for (; atWork < AT_ONCE && todo.length > 0; atWork++)
        deal(todo.shift()).finally(() => {
            atWork--
            work()
        })
}

async function deal({id, event, tries = 0}) {
    let outcome
    try {
        outcome = await answering.deal(id, event)
        if (outcome.done) await journal.end(id, outcome.done)
    } catch (error) { // the gateway is away, or the disk full
        outcome = {why: error.cause?.code ?? error.code ?? error.name}
    }
    say(outcome.done ?? 'later', {id, ...outcome})
    if (!outcome.done)
        setTimeout(() => {
            todo.push({id, event, tries: tries + 1})
            work()
        }, Math.max(outcome.wait ?? 0, Math.min(SECOND * 2 ** tries, PAUSE_MAX) * (0.5 + Math.random() / 2)))
}

// --- What is told

async function read(request) {
    const parts = []
    let length = 0
    for await (const part of request) {
        length += part.length
        if (length > BODY_MAX) throw new RangeError('The body is too long')
        parts.push(part)
    }
    return Buffer.concat(parts)
}

async function receive(request, response) {
    let event
    try {
        event = webhook.verify(await read(request), request.headers) // throws if it is not Tollgate's, or is old
    } catch (error) {
        say('refused', {why: error.message})
        return response.writeHead(401).end()
    }
    const id = request.headers['webhook-id']
    try {
        if (await journal.keep(id, event)) todo.push({id, event})
        response.writeHead(204).end()
    } catch (error) {
        say('not kept', {id, why: error.code})
        response.writeHead(503).end() // it is told again
    }
    work()
}

const server = BOT_CERTIFICATE
    ? https.createServer({cert: readFileSync(BOT_CERTIFICATE), key: readFileSync(BOT_KEY)}, receive)
    : http.createServer(receive)
server.listen(Number(port), '127.0.0.1', () => say('listening', {port, waiting: todo.length}))
work()
