import { act, cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadStorage, storageKey, usePanelStorage } from '../../src/panel/panelStorage';

beforeEach(() => localStorage.clear());
afterEach(cleanup);

const KEY = storageKey('org', 'project');

function renderStorage() {
  const { result } = renderHook(() => usePanelStorage('org', 'project'));
  return { stored: () => result.current[0], remember: result.current[1] };
}

/** The test takes `remember` once, before both writes. So both start from the same render, as in one event handler. */
test('two writes in one handler are both kept', () => {
  const { stored, remember } = renderStorage();
  act(() => {
    remember({ isCollapsed: true });
    remember({ dismissed: { job: 'failed@1' } });
  });
  const both = { isCollapsed: true, dismissed: { job: 'failed@1' }, hasSeen: false, notifies: false };
  expect(stored()).toEqual(both);
  expect(loadStorage(KEY)).toEqual(both);
});

test('a write after another tab’s write keeps both', () => {
  const { stored, remember } = renderStorage();
  localStorage.setItem(KEY, '{"isCollapsed":true,"dismissed":{}}');
  act(() => void dispatchEvent(new StorageEvent('storage', { key: KEY })));
  act(() => remember({ dismissed: { job: 'failed@1' } }));
  expect(stored()).toMatchObject({ isCollapsed: true, dismissed: { job: 'failed@1' } });
});

test('a state of the earlier panel hides no failure that was seen', () => {
  localStorage.setItem(KEY, '{"isCollapsed":false,"dismissed":{}}');
  expect(loadStorage(KEY).hasSeen).toBe(true);
});
