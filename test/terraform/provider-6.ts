/**
 * What version 6 of the AWS provider removed, renamed, deprecated or reads otherwise, from its upgrade guide. The shipped
 * Terraform holds itself free of all of it, so that moving to 6 is a matter of trying, not of writing.
 */

/** Kinds of resources and data sources that are gone, or go with 7. */
export const goneTypes: readonly RegExp[] = [
  /^aws_(opsworks|worklink|evidently|elastictranscoder)_/,
  /^aws_(simpledb_domain|redshift_service_account|kinesis_analytics_application|kms_secret)$/,
  /^aws_media_store_container(_policy)?$/,
]

interface Gone {
  readonly kind: 'resource' | 'data'
  readonly type: string
  /** Arguments or blocks, at any depth. */
  readonly named: readonly string[]
}

/** Arguments and blocks that a resource or data source no longer takes, or that now mean another thing. */
export const goneArguments: readonly Gone[] = [
  { kind: 'data', type: 'aws_ami', named: ['most_recent'] }, // an error there without an owner or an image id
  { kind: 'data', type: 'aws_batch_compute_environment', named: ['compute_environment_name'] },
  { kind: 'data', type: 'aws_globalaccelerator_accelerator', named: ['id'] },
  { kind: 'data', type: 'aws_identitystore_group', named: ['filter'] },
  { kind: 'data', type: 'aws_identitystore_user', named: ['filter'] },
  { kind: 'data', type: 'aws_region', named: ['name', 'endpoint'] },
  { kind: 'data', type: 'aws_servicequotas_templates', named: ['region'] },
  { kind: 'data', type: 'aws_ssmincidents_replication_set', named: ['region'] },
  { kind: 'data', type: 'aws_vpc_endpoint_service', named: ['region'] },
  { kind: 'data', type: 'aws_vpc_peering_connection', named: ['region'] },
  { kind: 'resource', type: 'aws_api_gateway_account', named: ['reset_on_delete'] },
  { kind: 'resource', type: 'aws_api_gateway_deployment', named: ['stage_name', 'stage_description', 'canary_settings'] },
  { kind: 'resource', type: 'aws_batch_compute_environment', named: ['compute_environment_name', 'compute_environment_name_prefix'] },
  { kind: 'resource', type: 'aws_batch_job_queue', named: ['compute_environments'] },
  { kind: 'resource', type: 'aws_cloudformation_stack_set_instance', named: ['region'] },
  { kind: 'resource', type: 'aws_cloudfront_response_headers_policy', named: ['etag'] },
  { kind: 'resource', type: 'aws_config_aggregate_authorization', named: ['region'] },
  { kind: 'resource', type: 'aws_dms_endpoint', named: ['s3_settings'] },
  { kind: 'resource', type: 'aws_dx_gateway_association', named: ['vpn_gateway_id'] },
  { kind: 'resource', type: 'aws_dx_hosted_connection', named: ['region'] },
  { kind: 'resource', type: 'aws_ecs_task_definition', named: ['inference_accelerator'] },
  { kind: 'resource', type: 'aws_eip', named: ['vpc'] },
  { kind: 'resource', type: 'aws_eks_addon', named: ['resolve_conflicts'] },
  { kind: 'resource', type: 'aws_flow_log', named: ['log_group_name'] },
  { kind: 'resource', type: 'aws_guardduty_detector', named: ['datasources'] },
  { kind: 'resource', type: 'aws_guardduty_organization_configuration', named: ['auto_enable', 'datasources'] },
  // `network_interface` went with 6.10.
  { kind: 'resource', type: 'aws_instance', named: ['cpu_core_count', 'cpu_threads_per_core', 'network_interface'] },
  { kind: 'resource', type: 'aws_launch_template', named: ['elastic_gpu_specifications', 'elastic_inference_accelerator'] },
  { kind: 'resource', type: 'aws_networkmanager_core_network', named: ['base_policy_region'] },
  {
    kind: 'resource',
    type: 'aws_redshift_cluster',
    named: ['snapshot_copy', 'logging', 'cluster_public_key', 'cluster_revision_number', 'endpoint'],
  },
  { kind: 'resource', type: 'aws_sagemaker_notebook_instance', named: ['accelerator_types'] },
  { kind: 'resource', type: 'aws_servicequotas_template', named: ['region'] },
  { kind: 'resource', type: 'aws_spot_instance_request', named: ['block_duration_minutes'] },
  { kind: 'resource', type: 'aws_ssm_association', named: ['instance_id'] },
  { kind: 'resource', type: 'aws_ssmincidents_replication_set', named: ['region'] },
]

/** What is said of another's attributes: names that are gone there, or mean another thing. */
export const goneReferences: readonly RegExp[] = [
  /\bdata\.aws_region\.\w+\.(name|id)\b/,
  /\baws_s3_bucket\.\w+(\[[^\]]*\])?\.region\b/,
  /\baws_api_gateway_deployment\.\w+\.(invoke_url|execution_arn)\b/,
  /\baws_opensearch_domain\.\w+\.kibana_endpoint\b/,
  /\baws_quicksight_data_set\.\w+\.tags_all\b/,
  /\baws_service_discovery_service\.\w+\.tags_all\b/,
]

/** Arguments that said yes or no with 0 or 1, by the kind of resource: only words are understood. */
export const booleans: Readonly<Record<string, readonly string[]>> = {
  aws_accessanalyzer_archive_rule: ['exists'],
  aws_cloudtrail_event_data_store: ['suspend'],
  aws_launch_template: [
    'delete_on_termination',
    'encrypted',
    'ebs_optimized',
    'associate_carrier_ip_address',
    'associate_public_ip_address',
    'primary_ipv6',
  ],
  aws_lb_target_group: ['preserve_client_ip'],
}

/** Arguments of the provider itself. */
export const goneProviderArguments: readonly string[] = ['opsworks', 'simpledb', 'sdb', 'worklink', 's3_us_east_1_regional_endpoint']
