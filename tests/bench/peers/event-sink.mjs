// What endpoints are for tests/bench/notify: takes all that is posted, and says how long it was on its way, by the
// timestamp in it. A path that begins with /hang is never answered. GET /figures: since the last GET, as JSON.
import {readFileSync} from 'node:fs'
import https from 'node:https'

const {CERTIFICATE, KEY, PORT} = process.env
let waits = []
let first = 0
let last = 0

function figures() {
    waits.sort((a, b) => a - b)
    const at = (share) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
    const seconds = (last - first) / 1000
    const told = {
        deliveries: waits.length,
        rate: Math.round(waits.length / Math.max(seconds, 0.001)),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        most_ms: at(1),
    }
    waits = []
    first = 0
    return told
}

https
    .createServer({cert: readFileSync(CERTIFICATE), key: readFileSync(KEY)}, (request, response) => {
        if (request.method === 'GET') return response.end(JSON.stringify(figures()))
        if (request.url.startsWith('/hang')) return request.resume()
        const parts = []
        request.on('data', (part) => parts.push(part))
        request.on('end', () => {
            last = Date.now()
            first ||= last
            const stamp = /"timestamp" ?: ?"([^"]+)"/.exec(Buffer.concat(parts).toString())
            waits.push(last - Date.parse(stamp[1]))
            response.writeHead(204).end()
        })
    })
    .listen(Number(PORT), '127.0.0.1')
