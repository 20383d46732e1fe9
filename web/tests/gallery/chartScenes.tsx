import type { ReactNode } from 'react';
import { BarChart, HeatMap, indexed, LineChart, Sparkline } from '../../src/chartsEntry';
import { germanChartLabels } from '../../src/deEntry';
import * as golden from '../chartSeries';

const line = (name: string, points: typeof golden.steady) => ({ name, points });
const steady = [line('Followers', golden.steady)];
const viral = [line('Views', golden.viral)];
const rounded = [line('Subscribers', golden.rounded)];
const gap = [line('Followers', golden.gap)];
const year = [line('Followers', golden.year)];
const onePoint = [line('Followers', golden.onePoint)];
const equal = [line('Followers', golden.equal)];
const huge = [line('Views', golden.huge)];
const hidden = [line('Followers', golden.hidden)];
const compared = [
  line('@nasa', indexed(golden.steady)),
  line('@spacex', indexed(golden.viral)),
  line('@esa', indexed(golden.gap)),
  line('@jaxa_en', indexed(golden.rounded)),
  line('@isro', indexed(golden.equal)),
];
const SPARKS = { steady: golden.steady, viral: golden.viral, gap: golden.gap, equal: golden.equal, none: golden.none };

/** Scenes of the charts, each a part of a page. */
export const CHART_SCENES: Readonly<Record<string, ReactNode>> = {
  chartLines: (
    <>
      <LineChart title="Followers" series={steady} />
      <LineChart title="Views" series={viral} />
      <LineChart title="Subscribers" series={rounded} steps />
      <LineChart title="Followers, with days that have no value" series={gap} />
    </>
  ),
  chartYear: (
    <>
      <LineChart title="Followers in a year" series={year} />
      <BarChart title="New followers a day, in a year" points={golden.yearOfGrowth} />
    </>
  ),
  chartBars: (
    <>
      <BarChart title="New followers a day" points={golden.negative} />
      <BarChart title="New followers this week" points={golden.negative} range={{ from: '2026-11-24' }} />
    </>
  ),
  chartComparison: <LineChart title="Growth, 1 November = 100" series={compared} />,
  chartHours: <HeatMap title="When posts are published" counts={golden.posts} />,
  chartOdd: (
    <>
      <LineChart title="One point" series={onePoint} />
      <LineChart title="All equal" series={equal} />
      <LineChart title="Huge" series={huge} />
      <LineChart title="Hidden" series={hidden} />
      <HeatMap title="No posts" counts={[]} />
    </>
  ),
  chartGerman: (
    <>
      <LineChart title="Abonnenten" series={compared} labels={germanChartLabels} />
      <BarChart title="Neue Abonnenten je Tag" points={golden.negative} labels={germanChartLabels} />
      <HeatMap title="Zeiten der Beiträge" counts={golden.posts} labels={germanChartLabels} />
    </>
  ),
  sparklines: (
    <ul>
      {Object.entries(SPARKS).map(([name, points]) => (
        <li key={name}>
          {name} <Sparkline title={`Followers of ${name}`} points={points} />
        </li>
      ))}
    </ul>
  ),
};
