// The page of the inbox and the receiver. It asks for news each second, and changes only what has changed.

const POLL_MS = 1000;
const ANSWERS = [
  { name: '200 OK', answers: [] },
  { name: '500, once', answers: [{ status: 500, times: 1 }] },
  { name: '500, always', answers: [{ status: 500, times: null }] },
  { name: '410 Gone', answers: [{ status: 410, times: null }] },
  { name: '429 with Retry-After: 60, once', answers: [{ status: 429, times: 1, headers: { 'Retry-After': '60' } }] },
  { name: 'after 30 s (too late), always', answers: [{ status: 200, times: null, delayS: 30 }] },
  {
    name: '400 with webhook-delivery: disable',
    answers: [{ status: 400, times: null, headers: { 'webhook-delivery': 'disable' } }],
  },
  {
    name: '400 with webhook-delivery: abort-message',
    answers: [{ status: 400, times: null, headers: { 'webhook-delivery': 'abort-message' } }],
  },
];

let state = { version: '', mails: [], webhooks: [], receivers: [] };
const chosen = { view: 'html', size: 'wide', scheme: 'light' }; // how mails are shown; stays from mail to mail
const shown = { list: '', detail: '' }; // what the two parts show, as text: they are drawn again if it changes

const byId = (id) => document.getElementById(id);

/** Make an element. Texts are never HTML: they come from strangers. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value !== false && value != null) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const time = (text) => {
  const at = new Date(text);
  const isToday = at.toDateString() === new Date().toDateString();
  const clock = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const label = isToday ? clock : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${clock}`;
  return make('time', { datetime: text, title: at.toLocaleString() }, label);
};

const typeOf = (webhook) => {
  try {
    return String(JSON.parse(webhook.body).type);
  } catch {
    return 'No JSON';
  }
};

function verdict(webhook) {
  if (webhook.isVerified) {
    return make('span', { class: 'badge good' }, '✓ Verified');
  }
  if (!webhook.hasSecret) {
    return make('span', { class: 'badge' }, 'No secret');
  }
  return make('span', { class: 'badge bad' }, '✕ Not verified');
}

const empty = (title, sentence) => make('p', { class: 'empty' }, make('strong', {}, title), sentence);

function route() {
  const [, kind, number] = location.hash.split('/');
  const known = ['mail', 'webhooks', 'addresses'].includes(kind) ? kind : 'mail';
  return { kind: known, number: number ? Number(number) : null };
}

// Lists

function mailRow(mail, isCurrent) {
  return make(
    'a',
    { class: 'row', href: `#/mail/${mail.number}`, 'aria-current': isCurrent && 'true' },
    make('strong', {}, mail.subject || 'No subject'),
    time(mail.at),
    make('span', { class: 'under' }, mail.to.join(', ')),
    mail.refusal ? make('span', { class: 'badge bad' }, 'Refused') : null,
  );
}

function webhookRow(webhook, isCurrent) {
  const address = webhook.url.replace(/^https:\/\//, '');
  return make(
    'a',
    { class: 'row', href: `#/webhooks/${webhook.number}`, 'aria-current': isCurrent && 'true' },
    make('strong', {}, typeOf(webhook)),
    time(webhook.at),
    make('span', { class: 'under' }, webhook.attempt > 1 ? `Attempt ${webhook.attempt} · ${address}` : address),
    verdict(webhook),
  );
}

function list(kind, number) {
  if (kind === 'mail') {
    if (!state.mails.length) {
      return [empty('No mail yet', 'Track an account; its mail comes within two minutes.')];
    }
    return state.mails.map((mail) => mailRow(mail, mail.number === number));
  }
  if (!state.webhooks.length) {
    const sentence = 'Add an endpoint on the demo page, with any https address: what is sent to it comes here.';
    return [empty('No webhooks yet', sentence)];
  }
  return state.webhooks.map((webhook) => webhookRow(webhook, webhook.number === number));
}

// Details

function choice(name, options, current, onChoice, className = '') {
  const labels = Object.entries(options).map(([value, label]) =>
    make(
      'label',
      {},
      make('input', {
        type: 'radio',
        name,
        value,
        checked: value === current,
        onchange: () => onChoice(value),
      }),
      label,
    ),
  );
  return make('div', { class: `choice ${className}`, role: 'radiogroup', 'aria-label': name }, ...labels);
}

const facts = (pairs) =>
  make(
    'dl',
    { class: 'facts' },
    ...pairs.flatMap(([name, value]) => (value ? [make('dt', {}, name), make('dd', {}, value)] : [])),
  );

const headersTable = (headers) =>
  make(
    'div',
    { class: 'paper' },
    make(
      'table',
      {},
      make(
        'tbody',
        {},
        ...headers.map(([name, value]) => make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value))),
      ),
    ),
  );

/** Return the text of a JSON value, with its keys and texts marked. */
function json(text) {
  let pretty;
  try {
    pretty = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return make('pre', {}, text);
  }
  const parts = pretty.split(/("(?:[^"\\]|\\.)*")(:?)/);
  const marked = [];
  for (let at = 0; at < parts.length; at += 3) {
    marked.push(parts[at]);
    if (parts[at + 1]) {
      marked.push(make('span', { class: parts[at + 2] ? 'key' : 'text' }, parts[at + 1]), parts[at + 2]);
    }
  }
  return make('pre', {}, ...marked);
}

const back = (kind) => make('a', { class: 'back', href: `#/${kind}` }, '‹ Back');

function chooseView(value) {
  chosen.view = value;
  shown.detail = '';
  draw();
  document.querySelector(`input[value="${value}"]`)?.focus(); // the one that was chosen is drawn again
}

/** Change how the mail is shown, without loading it again. */
function restyle(name, value) {
  chosen[name] = value;
  const paper = document.querySelector('.paper:has(iframe)');
  if (!paper) {
    return;
  }
  paper.className = `paper ${chosen.size}`;
  paper.firstElementChild.className = chosen.scheme;
  document.querySelector(`input[value="${value}"]`).checked = true;
}

function mailDetail(mail) {
  const views = { html: 'HTML', text: 'Text', headers: 'Headers' };
  const isHtml = chosen.view === 'html';
  const frame = () =>
    make('iframe', {
      class: chosen.scheme,
      src: `/mails/${mail.number}/html`,
      title: `The mail “${mail.subject}”`,
      sandbox: 'allow-popups allow-popups-to-escape-sandbox',
    });
  const parts = {
    html: () => make('div', { class: `paper ${chosen.size}` }, frame()),
    text: () => make('div', { class: 'paper' }, make('pre', {}, mail.text)),
    headers: () => headersTable([...mail.headers, ...Object.entries(mail.tags).map(([k, v]) => [`Tag ${k}`, v])]),
  };
  return make(
    'article',
    { class: 'sheet' },
    make(
      'header',
      {},
      back('mail'),
      make('h2', {}, mail.subject || 'No subject'),
      facts([
        ['From', mail.from],
        ['To', mail.to.join(', ')],
        ['Reply to', mail.replyTo.join(', ')],
        ['Sent', time(mail.at)],
        ['Message', mail.messageId],
      ]),
      mail.refusal && make('p', { class: 'note' }, `Refused: ${mail.refusal}`),
      mail.canUnsubscribe && unsubscribing(mail),
    ),
    make(
      'div',
      { class: 'bar' },
      choice('View', views, chosen.view, chooseView),
      isHtml && choice('Width', { wide: 'Desktop', phone: 'Phone' }, chosen.size, (v) => restyle('size', v), 'sizes'),
      isHtml && choice('Colours', { light: 'Light', dark: 'Dark' }, chosen.scheme, (v) => restyle('scheme', v)),
    ),
    parts[chosen.view](),
  );
}

/** The button that mail programs show beside the sender of a mail that one press unsubscribes from. */
function unsubscribing(mail) {
  const told = make('span', { role: 'status' });
  const press = async () => {
    told.textContent = 'Asking …';
    const answer = await fetch(`mails/${mail.number}/unsubscribe`, { method: 'POST' });
    const { status } = await answer.json();
    told.textContent = status === 200 ? 'Unsubscribed: the link answered 200.' : `The link answered ${status}.`;
  };
  return make('p', { class: 'title' }, make('button', { type: 'button', onclick: press }, 'Unsubscribe'), told);
}

function webhookDetail(webhook) {
  const isBody = chosen.view !== 'headers';
  return make(
    'article',
    { class: 'sheet' },
    make(
      'header',
      {},
      back('webhooks'),
      make('div', { class: 'title' }, make('h2', {}, typeOf(webhook)), verdict(webhook)),
      facts([
        ['Address', webhook.url],
        ['Event', webhook.eventId],
        ['Attempt', String(webhook.attempt)],
        ['Received', time(webhook.at)],
        ['Answered', String(webhook.answered)],
      ]),
      webhook.problem && make('p', { class: 'note' }, problemOf(webhook)),
    ),
    make(
      'div',
      { class: 'bar' },
      choice('View', { html: 'Body', headers: 'Headers' }, isBody ? 'html' : 'headers', chooseView),
    ),
    isBody ? make('div', { class: 'paper' }, json(webhook.body)) : headersTable(webhook.headers),
  );
}

const problemOf = (webhook) =>
  webhook.hasSecret
    ? `Not verified: ${webhook.problem}`
    : 'Nothing is verified before the secret of this address is known: paste it under Addresses.';

function detail(kind, number) {
  const found = (kind === 'mail' ? state.mails : state.webhooks).find((one) => one.number === number);
  if (found) {
    return kind === 'mail' ? mailDetail(found) : webhookDetail(found);
  }
  const isGone = number !== null && state.version;
  if (isGone) {
    return make('div', {}, back(kind), empty('It is gone', 'The newest 200 are kept, until the stack is stopped.'));
  }
  const sentence = kind === 'mail' ? 'Choose a mail to read it.' : 'Choose a webhook to see what was sent.';
  const isEmpty = !(kind === 'mail' ? state.mails : state.webhooks).length;
  return isEmpty ? make('p', {}) : make('p', { class: 'empty' }, sentence);
}

// Addresses

async function send(path, content, method = 'POST') {
  const answer = await fetch(path, { method, body: content && JSON.stringify(content) });
  if (!answer.ok) {
    throw new Error((await answer.json()).error);
  }
  await poll();
}

function addressCard(receiver) {
  const wanted = JSON.stringify(receiver.answers.map(({ status, times }) => [status, times]));
  const same = ({ answers }) => JSON.stringify(answers.map(({ status, times }) => [status, times])) === wanted;
  const name = (answer) => JSON.stringify(answer.headers ?? {});
  const current = ANSWERS.find(
    (one) => same(one) && one.answers.every((a, i) => name(a) === name(receiver.answers[i])),
  );
  const problem = make('p', { class: 'note', role: 'alert', hidden: true });
  const secret = make('input', { placeholder: 'whsec_…', autocomplete: 'off', spellcheck: 'false' });
  const told = (call) => call.catch((error) => Object.assign(problem, { hidden: false, textContent: error.message }));
  const options = ANSWERS.map((one, at) => make('option', { value: at, selected: one === current }, one.name));
  if (!current) {
    options.unshift(make('option', { selected: true, disabled: true }, 'Other answers, told by a program'));
  }
  return make(
    'article',
    { class: 'card' },
    make(
      'div',
      { class: 'title' },
      make('h2', {}, receiver.url),
      receiver.hasSecret
        ? make('span', { class: 'badge good' }, '✓ Secret known')
        : make('span', { class: 'badge' }, 'No secret'),
    ),
    make(
      'form',
      {
        class: 'fields',
        onsubmit: (event) => {
          event.preventDefault();
          told(send('receivers', { url: receiver.url, secret: secret.value.trim() }));
        },
      },
      make('label', { class: 'grow' }, receiver.hasSecret ? 'Another secret' : 'Secret', secret),
      make('button', { type: 'submit' }, 'Verify with it'),
      make(
        'label',
        { class: 'grow' },
        'Answers',
        make(
          'select',
          {
            onchange: (event) =>
              told(send('behaviour', { url: receiver.url, answers: ANSWERS[event.target.value].answers })),
          },
          ...options,
        ),
      ),
    ),
    problem,
  );
}

function addresses() {
  if (!state.receivers.length) {
    return [
      empty('No addresses yet', 'An address comes here with its first webhook, or when a program tells its secret.'),
    ];
  }
  const sentence =
    'Each endpoint’s address is answered here. Paste the secret that the demo page shows, or let it fail.';
  return [make('div', { class: 'cards' }, make('p', {}, sentence), ...state.receivers.map(addressCard))];
}

// Drawing

function draw() {
  const { kind, number } = route();
  const isAddresses = kind === 'addresses';
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#/${kind}`) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
  }
  byId('count-mail').textContent = state.mails.length || '';
  byId('count-webhooks').textContent = state.webhooks.length || '';
  byId('count-addresses').textContent = state.receivers.length || '';
  byId('clear').hidden = isAddresses;
  byId('main').dataset.open = number === null ? 'no' : 'yes';
  byId('detail').hidden = isAddresses;
  byId('list').classList.toggle('wide', isAddresses);

  const rows = isAddresses ? state.receivers : kind === 'mail' ? state.mails : state.webhooks;
  const wantedList = JSON.stringify([kind, number, state.version && true, rows]);
  if (wantedList !== shown.list) {
    const focused = document.activeElement?.closest?.('.row')?.getAttribute('href');
    shown.list = wantedList;
    byId('list').replaceChildren(...(isAddresses ? addresses() : list(kind, number)));
    if (focused) {
      byId('list').querySelector(`[href="${focused}"]`)?.focus();
    }
  }
  if (isAddresses) {
    return;
  }
  const wantedDetail = JSON.stringify([kind, number, rows.find((one) => one.number === number) ?? rows.length > 0]);
  if (wantedDetail !== shown.detail) {
    shown.detail = wantedDetail;
    byId('detail').replaceChildren(detail(kind, number));
    byId('detail').scrollTop = 0;
  }
}

async function poll() {
  const live = byId('live');
  try {
    const answer = await fetch(`state?since=${state.version}`, { cache: 'no-store' });
    if (answer.status === 200) {
      state = await answer.json();
      draw();
    }
    if (live.dataset.state !== 'on') {
      Object.assign(live, { textContent: 'Live' }).dataset.state = 'on';
    }
  } catch {
    if (live.dataset.state !== 'off') {
      Object.assign(live, { textContent: 'Not connected' }).dataset.state = 'off';
    }
  }
}

async function keepPolling() {
  await poll();
  setTimeout(keepPolling, POLL_MS);
}

addEventListener('hashchange', draw);
byId('clear').addEventListener('click', () => send(route().kind === 'mail' ? 'mails' : 'webhooks', null, 'DELETE'));
const dark = matchMedia('(prefers-color-scheme: dark)');
const followSystem = () => restyle('scheme', dark.matches ? 'dark' : 'light');
dark.addEventListener('change', followSystem);
followSystem();
draw();
keepPolling();
