/*
 * What is sent. The circled digits stand for those of the request's number, see load/request.ts. All times are past:
 * a time that is ahead would be kept out of the latest state.
 */

/** A metric event of about 250 bytes, each with a time, an amount and an order of its own. */
export const METRIC = {
  path: '/api/events',
  body: '{"source":"bench","payload":{"metric":"sales","amount":1⑧⑦⑥⑤④③②①⓪.5,"timestamp":"2025-01-1⑦T0⑥:1⑤:2④.③②①Z","region":"eu-west","order":"o-⑧⑦⑥⑤④③②①⓪","note":"a metric event of some two hundred and fifty bytes, as small systems send them all day"}}',
  status: 202,
} as const;

/** A reading of one of 10,000 devices, a second after its last. */
export const VITAL_DATA = {
  path: '/vital-data',
  body: '{"device":"device-③②①⓪","timestamp":17000⑧⑦⑥⑤④,"heartRateValue":7⓪.⑤,"breathRateValue":1①.④,"bodyTemperature":36.②,"batteryLevel":9③}',
  status: 202,
} as const;
