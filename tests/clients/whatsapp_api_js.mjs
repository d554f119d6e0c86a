// whatsapp-api-js: calls https://graph.facebook.com by the fetch that it is given. Ours puts another host in.
import assert from 'node:assert/strict';
import { WhatsAppAPI } from 'whatsapp-api-js';
import * as M from 'whatsapp-api-js/messages';
import { EMPTY_WALLET, isDone, isRefusal, isSent, link, picture, someone } from './world.mjs';

const row = id => new M.Row(id, id.toUpperCase(), `The row ${id}`);

const others = [
    new M.Text('Hello'),
    new M.Text(`See ${link('page')}`, true),
    new M.Location(77.2, 28.6, 'Shop', '1 Road'),
    // Its contacts are a text that is JSON.
    new M.Contacts(
        [new M.Name('Asha Rao', 'Asha'), new M.Phone('+919876543210', 'WORK'), new M.Email('asha@example.com')],
        [
            new M.Name('Ravi', 'Ravi'), new M.Birthday('1990', '05', '01'), new M.Organization('Sums'),
            new M.Url(link('ravi')),
        ],
    ),
    new M.Template('order_update', 'en_US'),
    new M.Template('order_update', new M.Language('en_US'),
        new M.HeaderComponent(new M.HeaderParameter(new M.Image(link('head.png')))),
        new M.BodyComponent(
            new M.BodyParameter('Asha'),
            new M.BodyParameter(new M.Currency(1500, 'USD', '$1.50')),
            new M.BodyParameter(new M.DateTime('May 1')),
        ),
        new M.PayloadComponent('yes'), new M.URLComponent('path')),
    M.Template.OTP('code', 'en_US', '123456'),
    new M.Template('cards', 'en_US', new M.CarouselComponent(
        new M.CarouselCard(new M.Image(link('1.png')), new M.PayloadComponent('one')),
        new M.CarouselCard(new M.Image(link('2.png')), new M.PayloadComponent('two')))),
    new M.Interactive(new M.ActionButtons(new M.Button('yes', 'Yes'), new M.Button('no', 'No')),
        new M.Body('Is it so?'), new M.Header('A question'), new M.Footer('Tell us')),
    new M.Interactive(new M.ActionButtons(new M.Button('yes', 'Yes')),
        new M.Body('And this?'), new M.Header(new M.Image(link('head.png')))),
    new M.Interactive(new M.ActionList('Choose', new M.ListSection('All', row('a'), row('b'))), new M.Body('Which?')),
    new M.Interactive(new M.ActionProduct(new M.CatalogProduct('sku-1', '4711')), new M.Body('This one')),
    new M.Interactive(new M.ActionProductList('4711', new M.ProductSection('All', new M.Product('sku-1'))),
        new M.Body('These'), new M.Header('Ours')),
    new M.Interactive(new M.ActionCatalog(new M.Product('sku-1')), new M.Body('All of it')),
    new M.Interactive(new M.ActionCTA('See', link('it')), new M.Body('See it')),
    new M.Interactive(new M.ActionNavigateFlow('token', '815', 'Begin', 'FIRST', { a: 1 }), new M.Body('Fill it in')),
    new M.Interactive(new M.ActionDataExchangeFlow('token', '815', 'Begin'), new M.Body('And this')),
    new M.Interactive(new M.ActionLocation(), new M.Body('Where are you?')),
];

const media = [M.Image, M.Video, M.Audio, M.Document, M.Sticker];

export function* steps(world) {
    const fetchHere = (url, options) =>
        fetch(String(url).replace('https://graph.facebook.com', world.url), options);
    const clientWith = (token, v = 'v20.0') =>
        new WhatsAppAPI({ token, v, secure: false, ponyfill: { fetch: fetchHere } });
    const client = clientWith(world.key);
    const send = async (message, context) => {
        const to = someone();
        return isSent(await client.sendMessage(world.number, to, message, context), message._type, to);
    };

    for (const [i, message] of others.entries())
        yield [`${message._type} ${i} is sent`, () => send(message)];
    yield ['a reaction and a reply are sent', async () => {
        const wamid = await send(new M.Text('First'));
        await send(new M.Text('Second'), wamid);
        await send(new M.Reaction(wamid, '👍'));
        await send(new M.Reaction(wamid));
    }];
    for (const Medium of media)
        yield [`${Medium.name} is sent by link`, () => send(new Medium(link('file')))];
    yield ['many at once', async () => {
        const all = Array.from({ length: 5 }, someone);
        const answers = await Promise.all(client.broadcastMessage(world.number, all, new M.Text('To all')));
        answers.forEach((answer, i) => isSent(answer, 'text', all[i]));
    }];

    let id;
    yield ['a file goes up, its product in the query', async () => {
        const form = new FormData();
        form.set('file', new Blob([picture], { type: 'image/png' }), 'up.png');
        ({ id } = await client.uploadMedia(world.number, form));
        assert.match(id, /^\d+$/);
    }];
    for (const Medium of media)
        yield [`${Medium.name} is sent by id`, () => send(new Medium(id, true))];
    yield ['a file comes down', async () => {
        for (const number of [undefined, world.number]) { // without one its path ends with a `?`
            const { url, file_size } = await client.retrieveMedia(id, number);
            assert.equal(Number(file_size), picture.length);
            const answer = await client.fetchMedia(url);
            assert.equal(answer.status, 200);
            assert.equal(answer.headers.get('content-type'), 'image/png');
            assert.ok(Buffer.from(await answer.arrayBuffer()).equals(picture));
        }
    }];
    yield ['a file goes away', async () => {
        isDone(await client.deleteMedia(id));
        isRefusal(await client.retrieveMedia(id), 100);
    }];
    yield ['receipts', async () => {
        isDone(await client.markAsRead(world.number, world.received));
        isDone(await client.markAsRead(world.number, world.received, 'text'));
    }];
    yield ['a refusal', async () => {
        const late = await client.sendMessage(world.number, '15550131047', new M.Text('Late'));
        assert.ok(isRefusal(late, 131047).error_data.details);
    }];
    yield ['a wrong key', async () =>
        isRefusal(await clientWith('EAAwrong').sendMessage(world.number, someone(), new M.Text('Hello')), 190)];
    yield ['an empty wallet', async () => {
        const poor = clientWith(world.poorKey);
        isRefusal(await poor.sendMessage(world.poorNumber, someone(), new M.Text('Hello')), EMPTY_WALLET);
    }];
    yield ['what is not relayed', async () => {
        isRefusal(await client.createQR(world.number, 'hello'), 2500);
        isRefusal(await client.blockUser(world.number, someone()), 2500);
    }];
}
