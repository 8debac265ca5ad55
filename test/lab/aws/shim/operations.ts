import type { Handler } from './handler.ts'
import { accessAnalyzer } from './services/access-analyzer.ts'
import { cloudtrail } from './services/cloudtrail.ts'
import { ec2Account } from './services/ec2-account.ts'
import { ec2Instances } from './services/ec2-instances.ts'
import { ec2Network } from './services/ec2-network.ts'
import { kms } from './services/kms.ts'
import { lambda } from './services/lambda.ts'
import { route53Resolver } from './services/route53-resolver.ts'
import { s3 } from './services/s3.ts'
import { sns } from './services/sns.ts'
import { sqs } from './services/sqs.ts'

/** Every operation that the shim touches. What the handlers remember lives as long as the list. */
export const operations = (): readonly Handler[] => [
  ...accessAnalyzer(),
  ...cloudtrail(),
  ...ec2Account(),
  ...ec2Instances(),
  ...ec2Network(),
  ...kms(),
  ...lambda(),
  ...route53Resolver(),
  ...s3(),
  ...sns(),
  ...sqs(),
]
