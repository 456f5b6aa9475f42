// Viewer request: which object of the site bucket answers this path?
// It runs before the cache lookup, so the path it returns is the cache key: one page object serves
// every tracking link, and a token reaches neither the origin nor a key. The query string is kept;
// that it does not split the cache of a page is the cache policy's work (template.yaml).
// A path that is no page and no file of ours fails open to the dashboard; a path that is written
// to confuse (encoded slashes, dot segments, control characters) gets a plain 404. Under /track/
// even those get the page: a link mangled by a text message must say so in words.
var KINDS = '\\.(css|html|ico|jpg|js|map|mjs|png|svg|txt|webmanifest|webp|woff2|xml)$';
var FILE = new RegExp(KINDS); // .json is missing on purpose: data lives in /t/ and /lib/ only
var TRACK_FILE = new RegExp('^/track/[A-Za-z0-9_-]{1,21}(\\.[A-Za-z0-9_-]{1,21})*' + KINDS); // a token has 22
var PLAIN = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\/?$/;
var DOTS = /\/(\.|%2e){1,2}(\/|\\|%2f|%5c|$)/i;
var BOOK_PAGE = /^\/book\/([A-Za-z0-9_-]{1,40})\/?$/;
var PAGES = { book: 1, crew: 1, dispatch: 1, ops: 1 };
var LONGEST = 512;

function notFound() {
    return {
        statusCode: 404,
        statusDescription: 'Not Found',
        headers: { 'cache-control': { value: 'no-store' }, 'content-type': { value: 'text/plain' } },
        body: { encoding: 'text', data: 'Nothing here.\n' },
    };
}

function page(uri, area) {
    var booked = BOOK_PAGE.exec(uri);
    if (booked) { return '/book/' + booked[1] + '/index.html'; }
    return PAGES.hasOwnProperty(area) ? '/' + area + '/index.html' : '/index.html';
}

function handler(event) {
    var request = event.request;
    var uri = request.uri;
    var area = uri.split('/')[1];
    if (area === 'track') {
        if (!TRACK_FILE.test(uri)) { request.uri = '/track/index.html'; }
        return request;
    }
    if (area === 'api' && !DOTS.test(uri)) { return request; }
    if (uri.length > LONGEST || !PLAIN.test(uri)) { return notFound(); }
    if (area === 't' || area === 'lib' || FILE.test(uri)) { return request; }
    if (uri.indexOf('.') >= 0) { return notFound(); }
    request.uri = page(uri, area);
    return request;
}
