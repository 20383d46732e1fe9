/** The place of the panel in the page, and on a server. */

import { act, cleanup, render, screen } from '@testing-library/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { germanLabels } from '../../src/panel/de';
import { TrackingJobsPanel } from '../../src/panel/TrackingJobsPanel';
import { button, mount, panel, running, setupPanelTest, show, source } from './panelHarness';

setupPanelTest();

const IMPORTS = { title: 'Imports' };
const hosts = () => [...document.querySelectorAll<HTMLElement>('.tracking-panels')];

describe('the panel', () => {
  test('stands in the page’s body, whatever is around its component', () => {
    mount();
    show(running());
    expect(panel()?.parentElement?.parentElement).toBe(document.body);
  });

  test('stands in a container of the page, and moves with it', () => {
    const container = document.createElement('div');
    document.body.append(container);
    const { change } = mount({ container });
    show(running());
    expect(container.contains(panel())).toBe(true);
    change({ container: null });
    expect(container.childElementCount).toBe(0);
    expect(panel()?.parentElement?.parentElement).toBe(document.body);
    container.remove();
  });

  test('shares its corner with others, and leaves nothing', () => {
    const panels = (second: 'bottom-right' | 'bottom-left') => (
      <>
        <TrackingJobsPanel service={source} orgId="org" projectId="a" />
        <TrackingJobsPanel service={source} orgId="org" projectId="b" position={second} />
      </>
    );
    const { rerender } = render(panels('bottom-right'));
    show(running());
    expect(hosts().map((host) => host.querySelectorAll('section').length)).toEqual([2]);
    rerender(panels('bottom-left'));
    show(running());
    expect(hosts().map((host) => host.querySelectorAll('section').length)).toEqual([1, 1]);
    cleanup();
    expect(hosts()).toEqual([]);
  });

  test('has a name of its own beside others of the same title', () => {
    const panels = (...projectIds: string[]) => (
      <StrictMode>
        {projectIds.map((id) => (
          <TrackingJobsPanel key={id} service={source} orgId="org" projectId={id} />
        ))}
        <TrackingJobsPanel service={source} orgId="org" projectId="own" labels={IMPORTS} />
      </StrictMode>
    );
    const names = () => screen.getAllByRole('region').map((region) => region.getAttribute('aria-label'));
    const { rerender } = render(panels('a', 'b'));
    show(running());
    expect(names().toSorted()).toEqual(['Account tracking', 'Account tracking (2)', 'Imports']);
    rerender(panels('b', 'c'));
    show(running());
    expect(names().toSorted()).toEqual(['Account tracking', 'Account tracking (2)', 'Imports']);
  });

  test('has a class of the page, and the language of its labels', () => {
    const { change } = mount({ className: 'mine' });
    show(running());
    expect(panel()?.classList.contains('mine')).toBe(true);
    expect(panel()?.lang).toBe('en');
    change({ labels: germanLabels });
    expect(document.querySelector('section')?.lang).toBe('de');
    expect(button('Abbrechen (@nasa auf Instagram)')).toBeTruthy();
    change({ labels: germanLabels, locale: 'de-CH' });
    expect(document.querySelector('section')?.lang).toBe('de-CH');
  });

  test('renders nothing on a server', () => {
    expect(renderToString(<TrackingJobsPanel service={source} orgId="org" projectId="project" open />)).toBe('');
  });
});

/** tests/e2e/browser/test_gallery.py has the classes and attributes, in a browser. */
test('the colours follow the page, and else the system', async () => {
  const system = Object.assign(new EventTarget(), { matches: true });
  vi.stubGlobal('matchMedia', () => system);
  const isDark = () => hosts()[0]?.classList.contains('tracking-panels--dark');
  mount();
  show(running());
  expect(isDark()).toBe(true);
  document.body.style.colorScheme = 'light';
  await act(async () => {});
  expect(isDark()).toBe(false);
  document.body.style.colorScheme = 'light dark';
  await act(async () => {});
  expect(isDark()).toBe(true);
  system.matches = false;
  system.dispatchEvent(new Event('change'));
  expect(isDark()).toBe(false);
  document.body.removeAttribute('style');
});
