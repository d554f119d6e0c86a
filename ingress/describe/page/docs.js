// The search: what has all words stays.
'use strict';

const search = document.getElementById('search');
const articles = [...document.querySelectorAll('main article')].map((article) => ({
    article,
    text: article.textContent.toLowerCase(),
    line: document.querySelector(`nav a[href="#${article.id}"]`)?.parentElement,
}));
const rows = [...document.querySelectorAll('#codes ~ table tr')].slice(1);

function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    let any = false;
    for (const { article, text, line } of articles) {
        article.hidden = !fits(text);
        if (line) line.hidden = article.hidden;
        any = any || !article.hidden;
    }
    for (const row of rows) {
        row.hidden = !fits(row.textContent.toLowerCase());
        any = any || !row.hidden;
    }
    for (const section of document.querySelectorAll('section')) {
        const parts = [...section.querySelectorAll('article, li, tr')];
        section.hidden = words.length > 0 && parts.every((part) => part.hidden);
    }
    document.getElementById('nothing').hidden = any;
}

search.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== search) {
        event.preventDefault();
        search.focus();
    }
});
