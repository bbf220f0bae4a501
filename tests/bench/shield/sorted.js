// What an expert adds to nginx' cache key: parameters sorted by name, each decoded and encoded
// again, without those that only make an URL unique. The order of equal names stays.

const BUSTER = /^(_|_t|_ts|cb|cachebust|cachebuster|nocache|utm_.*|fbclid|gclid|msclkid)$/;

function again(text) {
    try {
        return encodeURIComponent(decodeURIComponent(text.replace(/\+/g, ' ')));
    } catch (e) {
        return text;
    }
}

function query(r) {
    const given = r.variables.args;
    if (!given) {
        return '';
    }
    const pairs = [];
    given.split('&').forEach(function (piece, turn) {
        const at = piece.indexOf('=');
        const name = again(at < 0 ? piece : piece.slice(0, at));
        if (piece !== '' && !BUSTER.test(name)) {
            pairs.push([name, turn, at < 0 ? name : name + '=' + again(piece.slice(at + 1))]);
        }
    });
    pairs.sort(function (a, b) {
        return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1];
    });
    return pairs.length ? '?' + pairs.map(function (pair) { return pair[2]; }).join('&') : '';
}

export default { query };
