/** A provider around the panel stands in for the panel's props. */

import { act, render } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
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

test('a panel without props and provider says what is missing', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}); // React reports the error, too
  expect(() => render(<TrackingJobsPanel service={source} orgId="acme" />)).toThrow(
    'TrackingJobsPanel needs service, orgId and projectId: as props, or from a <TrackingProvider> around it.',
  );
  expect(panel()).toBeNull();
});
