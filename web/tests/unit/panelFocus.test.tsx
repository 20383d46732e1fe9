import { act } from '@testing-library/react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  button,
  cancelled,
  clear,
  completed,
  failed,
  mount,
  panel,
  pass,
  rows,
  running,
  setupPanelTest,
  show,
  stubSmallScreen,
  toggle,
  user,
} from './panelHarness';

setupPanelTest();

describe('focus', () => {
  test('goes to the row when its button goes away', () => {
    mount();
    show(running());
    act(() => button('Cancel tracking @nasa on Instagram').focus());
    show(completed());
    expect(document.activeElement).toBe(rows()[0]);
  });

  test('goes to the header when the row goes away', () => {
    mount();
    show(running(), running({ id: 'b', username: 'esa' }));
    act(() => button('Cancel tracking @esa on Instagram').focus());
    show(running());
    expect(document.activeElement).toBe(toggle());
  });

  test('that has left the panel is not taken back', () => {
    mount();
    show(running());
    act(() => button('Cancel tracking @nasa on Instagram').focus());
    act(() => button('Cancel tracking @nasa on Instagram').blur());
    show(completed());
    expect(document.activeElement).toBe(document.body);
  });

  test('goes to the header when the list closes over it', () => {
    stubSmallScreen();
    mount();
    show(running());
    act(() => button('Cancel tracking @nasa on Instagram').focus());
    show(running(), running({ id: 'b', username: 'esa' }));
    expect(rows()).toHaveLength(0);
    expect(document.activeElement).toBe(toggle());
  });

  describe('beside a field of the page', () => {
    let field: HTMLInputElement;
    beforeEach(() => {
      field = document.createElement('input');
      document.body.prepend(field);
      return () => field.remove();
    });

    test('goes back to the field after a dismissal by keyboard', async () => {
      mount();
      show(failed());
      field.focus();
      await user.tab();
      await user.tab();
      expect(document.activeElement).toBe(clear());
      await user.keyboard('{Enter}');
      expect(panel()).toBeNull();
      expect(document.activeElement).toBe(field);
    });

    test('is on the page when the field is no more', async () => {
      mount();
      show(failed());
      field.focus();
      act(() => clear().focus());
      field.remove();
      await user.keyboard('{Enter}');
      expect(panel()).toBeNull();
      expect(document.activeElement).toBe(document.body);
    });
  });
});

describe('what leaves by itself', () => {
  /** After a click the button has the focus, but no visible focus ring. */
  test('does so after a click on Cancel', async () => {
    const matches = HTMLElement.prototype.matches;
    vi.spyOn(HTMLElement.prototype, 'matches').mockImplementation(function (this: HTMLElement, selector) {
      return selector !== ':focus-visible' && matches.call(this, selector);
    });
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    await user.unhover(button('Cancelling… tracking @nasa on Instagram'));
    show(cancelled());
    expect(document.activeElement).toBe(button('Retry tracking @nasa on Instagram'));
    pass(60_000);
    expect(panel()).toBeNull();
  });

  test.each([
    ['a row', () => button('Retry tracking @nasa on Instagram')],
    ['the header', () => toggle()],
    ['the way out', () => clear()],
  ])('waits while somebody at the keyboard is at %s', (_, where) => {
    mount();
    show(running());
    show(cancelled());
    act(() => where().focus());
    pass(60_000);
    expect(rows()).toHaveLength(1);
    act(() => where().blur());
    pass(60_000);
    expect(panel()).toBeNull();
  });
});
