// What was told, in a file: a line for each event, and one more for what came of it. (Who has a database has a table whose
// key is the event's id, and needs no more than this file does.)
import {constants} from 'node:fs'
import {open, readFile, rename} from 'node:fs/promises'

// Tollgate tells nothing that is older than 30 days, unless who runs it has it keep events for longer.
const REMEMBERED = 40 * 24 * 3600 * 1000

async function linesOf(path) {
    try {
        // What stands behind the last end of a line is what a crash has cut off, and was never acknowledged.
        return (await readFile(path, 'utf8')).split('\n').slice(0, -1)
    } catch (error) {
        if (error.code === 'ENOENT') return []
        throw error
    }
}

async function write(file, lines) {
    await file.appendFile(lines.map((line) => JSON.stringify(line) + '\n').join(''))
    await file.datasync()
}

export class Journal {
    #file
    #told // by id: when it came, and the event while it waits; kept: a promise that it is on disk

    // Reads what is there, and writes it anew, without what is over.
    static async open(path) {
        const journal = new Journal()
        const told = new Map()
        for (const line of await linesOf(path)) {
            const {id, ...more} = JSON.parse(line)
            told.set(id, {...told.get(id), ...more})
        }
        const lines = [...told].map(([id, {at, event, done}]) => (done ? {id, at, done} : {id, at, event}))
            .filter(({at, done}) => !done || at > Date.now() - REMEMBERED)
        const file = await open(`${path}.new`, 'w')
        await write(file, lines)
        await file.close()
        await rename(`${path}.new`, path)
        journal.#file = await open(path, constants.O_WRONLY | constants.O_APPEND)
        journal.#told = new Map(lines.map(({id, ...more}) => [id, more]))
        return journal
    }

    knows(id) {
        return this.#told.has(id)
    }

    // What was told and is not done, oldest first.
    waiting() {
        return [...this.#told].filter(([, {event}]) => event).map(([id, {event}]) => ({id, event}))
    }

    // Resolves once it is on disk: to whether it is new. Who tells it again meanwhile waits for the same.
    async keep(id, event) {
        const known = this.#told.get(id)
        if (known) {
            await known.kept
            return false
        }
        const at = Date.now()
        const kept = write(this.#file, [{id, at, event}])
        this.#told.set(id, {at, event, kept})
        try {
            await kept
        } catch (error) {
            this.#told.delete(id)
            throw error
        }
        return true
    }

    // Nothing is to be done of it any more; that it was told is remembered.
    async end(id, done) {
        await write(this.#file, [{id, done}])
        this.#told.set(id, {at: this.#told.get(id).at, done})
    }
}
