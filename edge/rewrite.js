// Viewer request: which object of the site bucket answers this path?
// It runs before the cache lookup, so the path it returns is the cache key: one page serves every
// tracking link, and a token reaches neither the origin nor a cache key. The query string is kept;
// the cache policy ignores it for pages (template.yaml).
// A path that is neither a page nor a file gets a 404 page from here, because an error page of the
// distribution would also replace the API's own 404s. Under /track/ every path that is not a file
// gets the page: a link that a text message has damaged must open the job or explain the problem.
// Apps in which someone sends a link read the page without running its script. They are sent to a page
// with the name and logo of the business (functions/api/link_preview.py), by an address without token.
var crypto = require('crypto');
var KINDS = '\\.(css|html|ico|jpg|js|map|mjs|png|svg|txt|webmanifest|webp|woff2|xml)$';
var FILE = new RegExp(KINDS); // without .json, because data is only in /t/ and /shared/
var TRACK_FILE = new RegExp('^/track/[A-Za-z0-9_-]{1,21}(\\.[A-Za-z0-9_-]{1,21})*' + KINDS); // a token has 22
var PLAIN = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\/?$/;
var DOTS = /\/(\.|%2e){1,2}(\/|\\|%2f|%5c|$)/i;
var PAGE = /^\/(book|crew|dispatch|history|ops|reports|settings)(\/|\/index\.html)?$/;
var BOOKING = /^\/book\/[a-z][a-z0-9-]{0,30}\/?$/; // of the business with that id (statemachine/values/values.py)
var FOLDERS = { book: 1, crew: 1, dispatch: 1, history: 1, logos: 1, ops: 1, reports: 1, settings: 1 }; // the folders with files, besides the root
var READS_LINKS = /facebookexternalhit|facebot|whatsapp|twitterbot|slackbot|telegrambot|discordbot|linkedinbot|skypeuripreview|applebot|googlemessages/i;
var TOKEN = /^\/track\/([A-Za-z0-9_-]{22})$/;
var LONGEST = 512;
var MISSING = '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    + '<meta name="viewport" content="width=device-width, initial-scale=1">'
    + '<meta name="robots" content="noindex"><title>Page not found</title>'
    + '<link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css">'
    + '</head><body><main><section class="panel"><h1>Page not found</h1>'
    + '<p>There is no page at this address. Check it for typing errors.</p>'
    + '<p>To follow a pickup, open the link in your text message again.</p>'
    + '<p><a href="/book/">Book a pickup</a> · <a href="/dispatch/">Staff sign-in</a></p></section>'
    + '<section class="panel" lang="es"><h2>Página no encontrada</h2>'
    + '<p>No hay ninguna página en esta dirección. Revise si está bien escrita.</p>'
    + '<p>Para seguir su servicio, abra de nuevo el enlace de su mensaje de texto.</p>'
    + '<p><a href="/book/">Reservar un servicio</a> · <a href="/dispatch/">Acceso del personal</a></p>'
    + '</section></main></body></html>\n';

function notFound() {
    return {
        statusCode: 404,
        statusDescription: 'Not Found',
        headers: {
            'cache-control': { value: 'no-store' },
            'content-type': { value: 'text/html; charset=utf-8' },
            // This answer may bypass the response headers policy, and the address may have a token.
            'content-security-policy': { value: "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'" },
            'referrer-policy': { value: 'no-referrer' },
            'x-content-type-options': { value: 'nosniff' },
        },
        body: { encoding: 'text', data: MISSING },
    };
}

/** The address of the preview of that link (digest_of in statemachine/values/ids.py); '' where it has none. */
function previewOf(uri) {
    if (/^\/book\/?$/.test(uri)) { return '/api/businesses/main/preview'; }
    if (BOOKING.test(uri)) { return '/api/businesses/' + uri.split('/')[2] + '/preview'; }
    var token = TOKEN.exec(uri);
    if (!token) { return ''; }
    return '/api/track/' + crypto.createHash('sha256').update(token[1]).digest('hex').slice(0, 32) + '/preview';
}

function readsLinks(request) {
    var agent = request.headers['user-agent'];
    return agent !== undefined && READS_LINKS.test(agent.value);
}

function seeOther(address) {
    return {
        statusCode: 302,
        statusDescription: 'Found',
        headers: { 'cache-control': { value: 'no-store' }, location: { value: address } },
    };
}

function isFile(uri, area) {
    if (!FILE.test(uri) || /\.html$/.test(uri)) { return false; }
    return uri.split('/').length === 2 || FOLDERS.hasOwnProperty(area);
}

function handler(event) {
    var request = event.request;
    var uri = request.uri;
    var area = uri.split('/')[1];
    var preview = readsLinks(request) ? previewOf(uri) : '';
    if (preview) { return seeOther(preview); }
    if (area === 'track') {
        if (!TRACK_FILE.test(uri)) { request.uri = '/track/index.html'; }
        return request;
    }
    if (area === 'api' && !DOTS.test(uri)) { return request; }
    if (uri.length > LONGEST || !PLAIN.test(uri)) { return notFound(); }
    if (area === 't' || area === 'shared' || isFile(uri, area)) { return request; }
    if (uri === '/' || uri === '/index.html') {
        request.uri = '/index.html';
        return request;
    }
    if (!PAGE.test(uri) && !BOOKING.test(uri)) { return notFound(); }
    request.uri = '/' + area + '/index.html';
    return request;
}
