/** A provider around the panel stands in for the panel's props. */

import { act, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { germanLabels } from '../../src/panel/de';
import TrackingJobsPanel, { TrackingProvider } from '../../src/panelEntry';
import { panel, rows, running, setupPanelTest, source } from './panelHarness';
import { FakeSource } from './panelSource';

setupPanelTest();

test('a panel without props takes all from its provider', () => {
  const watch = vi.spyOn(source, 'watchProjectJobs');
  render(
    <TrackingProvider service={source} orgId="acme" projectId="spring">
      <TrackingJobsPanel onJobCompleted={() => {}} />
    </TrackingProvider>,
  );
  expect(watch).toHaveBeenCalledExactlyOnceWith('acme', 'spring', expect.anything(), expect.anything());
  act(() => source.emit([running()]));
  expect(rows()).toHaveLength(1);
});

test('props of a panel win over its provider', () => {
  const other = new FakeSource();
  const watch = vi.spyOn(other, 'watchProjectJobs');
  render(
    <TrackingProvider service={source} orgId="acme" projectId="spring">
      <TrackingJobsPanel service={other} projectId="autumn" />
    </TrackingProvider>,
  );
  expect(watch).toHaveBeenCalledExactlyOnceWith('acme', 'autumn', expect.anything(), expect.anything());
});

test('labels and locale of a provider are those of its panels', () => {
  const own = { title: 'Meine Konten' };
  render(
    <TrackingProvider service={source} orgId="acme" projectId="spring" labels={germanLabels} locale="de-CH">
      <TrackingJobsPanel labels={own} />
      <TrackingJobsPanel locale="de-AT" />
    </TrackingProvider>,
  );
  act(() => source.emit([running()]));
  const panels = screen.getAllByRole('region').map((region) => [region.getAttribute('aria-label'), region.lang]);
  expect(panels).toEqual([
    ['Meine Konten', 'de-CH'],
    ['Kontenabruf', 'de-AT'],
  ]);
  expect(screen.getAllByRole('button', { name: 'Abbrechen (@nasa auf Instagram)' })).toHaveLength(2);
});

test('a panel without props and provider says what is missing', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}); // React reports the error, too
  expect(() => render(<TrackingJobsPanel service={source} orgId="acme" />)).toThrow(
    'TrackingJobsPanel needs service, orgId and projectId: as props, or from a <TrackingProvider> around it.',
  );
  expect(panel()).toBeNull();
});
