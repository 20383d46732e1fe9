/** Addresses of webhooks, as people type them. The rules' cases use the same table. */

import { expect, test } from 'vitest';
import urls from '../../../contracts/webhookUrls.json';
import { checkedUrl, urlProblem } from '../../src/webhookUrl';

test.each(urls.taken)('%j stays as it is', (url) => {
  expect(urlProblem(url)).toBeNull();
  expect(checkedUrl(url)).toBe(url);
});

test.each(Object.entries(urls.typed))('%j is written as %j', (typed, written) => {
  expect(urlProblem(typed)).toBeNull();
  expect(checkedUrl(typed)).toBe(written);
});

test.each(Object.entries(urls.refused))('%j is refused: %s', (typed, problem) => {
  expect(urlProblem(typed)).toBe(problem);
  expect(() => checkedUrl(typed)).toThrow(
    expect.objectContaining({ code: 'invalid-input', field: 'url', message: expect.stringMatching(/^[A-Z].{15,}\.$/) }),
  );
});

test('1,000 characters are the most, as they are written', () => {
  const longest = `https://example.com/${'x'.repeat(980)}`;
  expect(checkedUrl(longest)).toBe(longest);
  expect(urlProblem(`${longest}x`)).toBe('too-long');
  expect(urlProblem(`https://example.com/${'é'.repeat(164)}`)).toBe('too-long'); // six characters each
  expect(() => checkedUrl(`${longest}x`)).toThrow('longer than 1,000 characters');
});

test.each([undefined, null, 5])('%j, from a page without types, is refused', (typed) => {
  expect(() => checkedUrl(typed)).toThrow(expect.objectContaining({ field: 'url' }));
});
