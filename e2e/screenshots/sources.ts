/** The sources of the pictures: a clinic's monitors with a mapping of their own, a shop, and one that sends what comes. */
export const SOURCES = `sources:
  - id: icu-west
    kind: push
    scheme: none
    mapping:
      type: vitals
      fields:
        deviceId: { from: [dev, device], as: string, required: true }
        heartRate: { from: [vitals.hr], as: number, required: true }
        breathRate: { from: [vitals.br], as: number }
        timestamp: { from: [ts], as: date }
      dedupe: { fields: [deviceId, heartRate, breathRate, timestamp] }
      subject: deviceId
  - id: shop
    kind: push
    scheme: none
    mapping:
      type: metric
      fields:
        metric: { from: [kind], as: string }
        amount: { from: [price.gross, price], as: number, required: true }
        timestamp: { from: [at], as: date }
      dedupe: { fields: [metric, amount, timestamp] }
  - id: ward-3
    kind: push
    scheme: { type: hmac, header: x-ward-signature, hash: sha256, encoding: hex }
    secrets: [{ value: "a secret of these pictures" }]
`;
