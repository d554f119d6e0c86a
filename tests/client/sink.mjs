// A tenant's receiver of events, as tests want it: what it does with a request, the path says.
//
//     node sink.mjs CERTIFICATE KEY PORT
//
// Each request is a line of its output, in JSON: when, path, headers, body, `verified`, whether
// Standard Webhooks' own library takes it under the secrets that PUT /secrets/NAME has told it of
// the path's last part, and `does`, which of these follows:
//
//     /ok/NAME        204                     /slow/NAME     204 after a second
//     /status/N/NAME  N                       /hang/NAME     never an answer
//     /late/S/NAME    503, Retry-After: S     /drip/NAME     200, and a byte a second
//     /abort/NAME     500, abort-message      /flood/NAME    200 and 100 MB
//     /away/NAME      302 to a link's address /head/NAME     200 and headers without end
//     /echo/NAME      200 and its challenge   /lie/NAME      200 and another one
//     /break/NAME     the connection is cut   /moody/NAME    one of these, mostly ok
//
// What is posted to /switch/NAME goes as PUT /switches/NAME has said last, such as "status/500".
import {readFileSync} from 'node:fs'
import https from 'node:https'
import {Webhook} from 'standardwebhooks'

const [certificate, key, port] = process.argv.slice(2)
const secrets = new Map()
const switches = new Map()

function isVerified(name, body, headers) {
    return (secrets.get(name) ?? []).map((secret) => {
        try {
            new Webhook(secret).verify(body, headers)
            return true
        } catch {
            return false
        }
    })
}

const does = {
    ok: (_, response) => response.writeHead(204).end(),
    status: (url, response, number) => response.writeHead(Number(number)).end(`so it is, ${number}`),
    late: (_, response, seconds) => response.writeHead(503, {'Retry-After': seconds}).end(),
    abort: (_, response) => response.writeHead(500, {'webhook-delivery': 'abort-message'}).end(),
    away: (_, response) => response.writeHead(302, {Location: 'https://169.254.169.254/latest/'}).end(),
    echo: (url, response) => response.writeHead(200).end(url.searchParams.get('hub.challenge') ?? ''),
    lie: (_, response) => response.writeHead(200).end('no challenge'),
    slow: (_, response) => setTimeout(() => response.writeHead(204).end(), 1000),
    hang: () => {},
    break: (_, response) => response.socket.destroy(),
    drip: (_, response) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write('.'), 1000)
        response.on('close', () => clearInterval(timer))
    },
    flood: (_, response) => {
        response.writeHead(200)
        let left = 100
        const more = () => {
            while (left-- > 0) if (!response.write(Buffer.alloc(1024 * 1024, 'x'))) return response.once('drain', more)
            response.end()
        }
        more()
    },
    head: (_, response) => {
        const socket = response.socket
        socket.write('HTTP/1.1 200 OK\r\n')
        const timer = setInterval(() => socket.write(`X-More: ${'x'.repeat(8000)}\r\n`), 1)
        socket.on('close', () => clearInterval(timer))
        socket.on('error', () => clearInterval(timer))
    },
}

// In turns, each eighth of them bad, so that what failed once does not always fail.
const moods = ['status/500', 'break', 'slow', 'late/1', 'away', 'abort'].flatMap((mood) => [...Array(7).fill('ok'), mood])
let turn = 0

function whatToDo(verb, name, argument) {
    const said = verb === 'switch' ? (switches.get(name) ?? 'ok') : [verb, argument].join('/')
    return (said.startsWith('moody') ? moods[turn++ % moods.length] : said).split('/')
}

function answer(request, response, body) {
    const url = new URL(request.url, 'https://sink')
    const [verb, ...rest] = url.pathname.slice(1).split('/')
    const name = rest.at(-1)
    if (request.method === 'PUT') {
        if (verb === 'secrets') secrets.set(name, body.split(' '))
        else switches.set(name, body)
        return response.writeHead(204).end()
    }
    const {method, headers} = request
    const [what, argument] = whatToDo(verb, name, rest[0])
    const verified = isVerified(name, body, headers)
    console.log(JSON.stringify({at: Date.now(), method, path: request.url, headers, body, verified, does: what}))
    does[what](url, response, argument)
}

https.createServer({cert: readFileSync(certificate), key: readFileSync(key)}, (request, response) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => answer(request, response, Buffer.concat(parts).toString()))
    response.on('error', () => {})
}).listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify({listening: port})))
