// @vitest-environment node
/** The kick reads its answer to the end. Otherwise its time-out aborts it, and developer tools show it as failed. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Auth } from 'firebase/auth';
import { expect, test, vi } from 'vitest';
import { Kick } from '../../src/kick';

const AUTH = {
  authStateReady: async () => {},
  currentUser: { getIdToken: async () => 'token' },
} as unknown as Auth;

test.each([
  [202, true],
  [503, false],
])('an answer of %d is delivered whole', async (status, isAccepted) => {
  const answers: ServerResponse[] = [];
  const server = createServer((_, response) => {
    answers.push(response);
    response.writeHead(status).end(Buffer.alloc(64_000_000)); // more than the buffers on the way hold
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trigger`;
    expect(await new Kick(AUTH, url).send()).toBe(isAccepted);
    await vi.waitFor(() => expect(answers.map((answer) => answer.writableFinished)).toEqual([true]));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
