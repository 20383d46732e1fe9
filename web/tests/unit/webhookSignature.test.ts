import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import contract from '../../../contracts/webhooks.json';

// npm's library verifies the example that tests/unit/test_webhook_signing.py holds Python to.
const { secret, payload, headers, at } = contract.signatureExample;
const otherSecret = 'whsec_b3RoZXIgc2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXM=';

describe('signature of a webhook', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(at) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is verified with the secret', () => {
    expect(new Webhook(secret).verify(payload, headers)).toEqual(JSON.parse(payload));
  });

  it('fails with another secret', () => {
    expect(() => new Webhook(otherSecret).verify(payload, headers)).toThrow(WebhookVerificationError);
  });

  it('fails when one byte has changed', () => {
    for (let place = 0; place < payload.length; place += 1) {
      const other = payload[place] === 'x' ? 'y' : 'x';
      const changed = payload.slice(0, place) + other + payload.slice(place + 1);
      expect(() => new Webhook(secret).verify(changed, headers)).toThrow('No matching signature');
    }
  });

  it('is verified with either secret during a rotation', () => {
    const before = new Webhook(otherSecret).sign(
      headers['webhook-id'],
      new Date(Number(headers['webhook-timestamp']) * 1_000),
      payload,
    );
    const both = { ...headers, 'webhook-signature': `${headers['webhook-signature']} ${before}` };
    for (const each of [secret, otherSecret]) {
      expect(new Webhook(each).verify(payload, both)).toEqual(JSON.parse(payload));
    }
  });

  it('fails when its timestamp is old', () => {
    vi.setSystemTime(new Date(new Date(at).getTime() + 6 * 60_000));
    expect(() => new Webhook(secret).verify(payload, headers)).toThrow('too old');
  });
});
