/** The browser's notifications about jobs that end. */

import { act, screen } from '@testing-library/react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  announced,
  button,
  cancelled,
  completed,
  failed,
  mount,
  running,
  setupPanelTest,
  show,
  user,
} from './panelHarness';

setupPanelTest();

/** Chrome on Android has the class, but refuses to make an object of it. */
let broken: boolean;
let shown: { title: string; options: NotificationOptions | undefined }[];
let request: ReturnType<typeof vi.fn<() => Promise<NotificationPermission>>>;

/** Stand-in for the browser's class. `answer` is what the person says when asked. */
function stubNotification(answer: NotificationPermission): void {
  shown = [];
  broken = false;
  class FakeNotification {
    static permission: NotificationPermission = 'default';
    static requestPermission = vi.fn(async () => {
      FakeNotification.permission = answer;
      return answer;
    });
    onclick = null;
    constructor(title: string, options?: NotificationOptions) {
      if (broken) {
        throw new TypeError('Illegal constructor.');
      }
      shown.push({ title, options });
    }
  }
  request = FakeNotification.requestPermission;
  vi.stubGlobal('Notification', FakeNotification);
}

const bell = () => button('Notify me when jobs end');
const isOn = () => bell().getAttribute('aria-pressed') === 'true';
const hide = () => vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');

describe('notifications', () => {
  beforeEach(() => stubNotification('granted'));

  test('are off, and the browser asks only at the click', async () => {
    mount();
    show(running());
    expect(isOn()).toBe(false);
    expect(request).not.toHaveBeenCalled();
    await user.click(bell());
    expect(request).toHaveBeenCalledTimes(1);
    expect(isOn()).toBe(true);
  });

  test('tell what has ended while nobody looks, in one', async () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b', username: 'esa' }), running({ id: 'c' }));
    await user.click(bell());
    hide();
    show(completed({ id: 'a' }), failed({ id: 'b', username: 'esa' }), cancelled({ id: 'c' }));
    expect(shown).toEqual([
      {
        title: 'Account tracking',
        options: {
          body: 'Completed: @nasa on Instagram. Failed: @esa on Instagram. It is private.',
          lang: 'en',
          tag: 'account-tracking:a,b',
        },
      },
    ]);
  });

  test('are not shown to somebody who looks, or did not ask', async () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b' }));
    await user.click(bell());
    show(completed({ id: 'a' }), running({ id: 'b' }));
    await user.click(bell());
    expect(isOn()).toBe(false);
    hide();
    show(completed({ id: 'a' }), completed({ id: 'b' }));
    expect(shown).toEqual([]);
  });

  test('are remembered for the next visit', async () => {
    const { unmount } = mount();
    show(running());
    await user.click(bell());
    unmount();
    mount();
    show(running());
    expect(isOn()).toBe(true);
    expect(request).toHaveBeenCalledTimes(1);
  });
});

test('a browser that cannot show them turns them off, and says so', async () => {
  stubNotification('granted');
  mount();
  show(running());
  await user.click(bell());
  broken = true;
  hide();
  show(completed());
  expect(isOn()).toBe(false);
  expect(announced()).toBe('This browser blocks notifications of this page.');
});

test('a browser that blocks them is told so', async () => {
  stubNotification('denied');
  mount();
  show(running());
  await user.click(bell());
  await act(async () => {});
  expect(isOn()).toBe(false);
  expect(announced()).toBe('This browser blocks notifications of this page.');
});

test('a browser without them has no bell', () => {
  mount();
  show(running());
  expect('Notification' in globalThis).toBe(false);
  expect(screen.queryByRole('button', { name: 'Notify me when jobs end' })).toBeNull();
});
