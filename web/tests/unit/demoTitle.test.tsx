import { cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { usePageTitle } from '../../demo/usePageTitle';

const icon = () => document.querySelector('link')?.getAttribute('href');

beforeEach(() => {
  document.head.innerHTML = '<title>Account tracking</title><link rel="icon" href="./icon.svg">';
});

afterEach(cleanup);

test('the tab names the open account and the running jobs', () => {
  const { rerender, unmount } = renderHook(([name, jobs]: [string | undefined, number]) => usePageTitle(name, jobs), {
    initialProps: [undefined, 0],
  });
  expect([document.title, icon()]).toEqual(['Account tracking', './icon.svg']);
  rerender(['NASA', 2]);
  expect(document.title).toBe('(2) NASA · Account tracking');
  expect(icon()).toContain('svg');
  expect(icon()).not.toBe('./icon.svg');
  rerender(['NASA', 0]);
  expect([document.title, icon()]).toEqual(['NASA · Account tracking', './icon.svg']);
  rerender([undefined, 1]);
  unmount();
  expect([document.title, icon()]).toEqual(['Account tracking', './icon.svg']);
});
