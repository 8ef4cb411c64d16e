/*
 * What is sent. The circled digits stand for those of the request's number, see load/request.ts. All times are past:
 * a time that is ahead would be kept out of the latest state.
 */

const ORDER_LINE = '{"sku":"a-①⓪","n":③,"price":1②.5,"tax":0.2,"vat":true,"lot":null,"tags":["x","y"]},';

/** A metric event of about 250 bytes, each with a time, an amount and an order of its own. */
export const METRIC = {
  path: '/api/events',
  body: '{"source":"bench","payload":{"metric":"sales","amount":1⑧⑦⑥⑤④③②①⓪.5,"timestamp":"2025-01-1⑦T0⑥:1⑤:2④.③②①Z","region":"eu-west","order":"o-⑧⑦⑥⑤④③②①⓪","note":"a metric event of some two hundred and fifty bytes, as small systems send them all day"}}',
  status: 202,
} as const;

/**
 * An order of about 10 KB: parsing it, putting it in canonical form and hashing it takes the worker far longer than
 * MongoDB takes to write it.
 */
export const ORDER = {
  path: '/api/events',
  body: `{"source":"bench","type":"order","payload":{"order":"o-⑧⑦⑥⑤④③②①⓪","lines":[${ORDER_LINE.repeat(120).slice(0, -1)}]}}`,
  status: 202,
} as const;

/** A reading of one of 10,000 devices, a second after its last. */
export const VITAL_DATA = {
  path: '/vital-data',
  body: '{"device":"device-③②①⓪","timestamp":17000⑧⑦⑥⑤④,"heartRateValue":7⓪.⑤,"breathRateValue":1①.④,"bodyTemperature":36.②,"batteryLevel":9③}',
  status: 202,
} as const;
