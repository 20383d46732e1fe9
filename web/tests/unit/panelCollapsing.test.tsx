import { act, cleanup } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { storageKey } from '../../src/panel/panelStorage';
import {
  clear,
  cross,
  failed,
  mount,
  panel,
  rows,
  running,
  setupPanelTest,
  show,
  stubSmallScreen,
  toggle,
  user,
} from './panelHarness';

setupPanelTest();

const isOpen = () => toggle().getAttribute('aria-expanded') === 'true';
const two = [running(), failed({ id: 'b', username: 'esa' })] as const;

describe('on a small screen', () => {
  test('one job shows its row; more stay behind their counts', () => {
    stubSmallScreen();
    mount();
    show(running());
    expect(isOpen()).toBe(true);
    show(...two);
    expect(isOpen()).toBe(false);
    expect(toggle().textContent).toBe('Account tracking1 failed, 1 running');
    show(running());
    expect(isOpen()).toBe(true);
  });

  test('what the person chose wins, and is remembered', async () => {
    stubSmallScreen();
    mount();
    show(...two);
    await user.click(toggle());
    expect(isOpen()).toBe(true);
    cleanup();
    mount();
    show(...two);
    expect(isOpen()).toBe(true);
  });

  test('clearing a row is no choice of open or collapsed', async () => {
    stubSmallScreen();
    mount();
    show(failed());
    await user.click(cross());
    show(failed(), running({ id: 'a' }), running({ id: 'b', username: 'esa' }));
    expect(isOpen()).toBe(false);
  });

  test('the list opens by itself when the screen becomes large', () => {
    const screen = stubSmallScreen();
    mount();
    show(...two);
    screen.turn();
    expect(isOpen()).toBe(true);
  });
});

test('every row is shown without matchMedia, as in jsdom', () => {
  vi.stubGlobal('matchMedia', undefined);
  mount();
  show(...two);
  expect(isOpen()).toBe(true);
});

test('on a large screen every row is shown', () => {
  mount();
  show(...two);
  expect(isOpen()).toBe(true);
  expect(rows()).toHaveLength(2);
});

describe('in two tabs', () => {
  /** Store a value as another tab does. A browser sends the event to all other tabs, never to the tab that wrote. */
  function storeElsewhere(key: string, value: string): void {
    localStorage.setItem(key, value);
    act(() => void dispatchEvent(new StorageEvent('storage', { key, newValue: value })));
  }

  test('a choice in one tab holds in the other, which keeps it', async () => {
    mount();
    show(running(), failed({ id: 'b', username: 'esa' }));
    const key = storageKey('org', 'project');
    storeElsewhere(key, '{"isCollapsed":true,"dismissed":{},"hasSeen":true}');
    expect(isOpen()).toBe(false);
    storeElsewhere(storageKey('org', 'other'), '{"isCollapsed":false,"dismissed":{}}');
    expect(isOpen()).toBe(false);
    show(failed({ id: 'b', username: 'esa' }));
    await user.click(clear());
    expect(panel()).toBeNull();
    expect(JSON.parse(localStorage.getItem(key) ?? '')).toMatchObject({ isCollapsed: true });
  });

  test('clearing the store forgets', () => {
    localStorage.setItem(storageKey('org', 'project'), '{"isCollapsed":true,"dismissed":{}}');
    mount();
    show(running());
    expect(isOpen()).toBe(false);
    localStorage.clear();
    act(() => void dispatchEvent(new StorageEvent('storage', { key: null })));
    expect(isOpen()).toBe(true);
  });
});
