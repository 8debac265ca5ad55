/** S3's events as S3 writes them: all fields that its documentation names, for tests to bend. */

export const INPUT = 'hipaa-vpc-input-123456789012-us-west-2'

interface Changes {
  readonly key?: string
  readonly size?: number | null
  readonly versionId?: string | null
  readonly eventName?: string
  readonly bucket?: string
  readonly more?: Readonly<Record<string, unknown>>
}

/** A put of an object; `null` leaves a field out. */
export function s3Record(changes: Changes = {}): Readonly<Record<string, unknown>> {
  const { key = 'incoming/x', size = 10, versionId = 'v1', eventName = 'ObjectCreated:Put', bucket = INPUT, more = {} } = changes
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-west-2',
    eventTime: '2026-01-01T00:00:00.000Z',
    eventName,
    userIdentity: { principalId: 'AWS:AROAEXAMPLE:session' },
    requestParameters: { sourceIPAddress: '203.0.113.7' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'intake-sample',
      bucket: { name: bucket, ownerIdentity: { principalId: 'A3NL1KOZZKExample' }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key,
        ...(size === null ? {} : { size }),
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        ...(versionId === null ? {} : { versionId }),
        sequencer: '0055AED6DCD90281E5',
      },
    },
    ...more,
  }
}

export const s3Event = (...records: readonly unknown[]): unknown => ({ Records: records })

export const s3TestEvent = (bucket = INPUT): unknown => ({
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2026-01-01T00:00:00.000Z',
  Bucket: bucket,
  RequestId: '5582815E1AEA5ADF',
  HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR',
})
