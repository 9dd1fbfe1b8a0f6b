# GitHub Actions signs in with its own identity: no key is stored anywhere.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  here       = "${data.aws_region.current.name}:${local.account_id}"
  arn        = "arn:${local.partition}"
  issuer     = "token.actions.githubusercontent.com"
  issuer_arn = var.create_oidc_provider ? aws_iam_openid_connect_provider.github[0].arn : "${local.arn}:iam::${local.account_id}:oidc-provider/${local.issuer}"
  roles_arn  = "${local.arn}:iam::${local.account_id}:role/${var.name}-*"
  # a pull request may only look; the environment's rules say who may deploy from which branch
  subjects = {
    plan   = "repo:${var.repository}:pull_request"
    deploy = "repo:${var.repository}:environment:${var.environment}"
  }
  policies = { plan = [local.read, local.state_read], deploy = [local.read, local.write, local.state_write] }

  bucket_arn = "${local.arn}:s3:::${var.lake_bucket}"
  owned = [
    local.bucket_arn,
    "${local.arn}:cloudwatch:${local.here}:alarm:${var.name}-*",
    "${local.arn}:dynamodb:${local.here}:table/${var.name}-*",
    "${local.arn}:ecr:${local.here}:repository/${var.name}",
    "${local.arn}:ecs:${local.here}:cluster/${var.name}",
    "${local.arn}:ecs:${local.here}:task-definition/${var.name}-*",
    "${local.arn}:logs:${local.here}:log-group:/aws/vendedlogs/states/${var.name}*",
    "${local.arn}:logs:${local.here}:log-group:/ecs/${var.name}*",
    "${local.arn}:scheduler:${local.here}:schedule/default/${var.name}",
    "${local.arn}:secretsmanager:${local.here}:secret:${var.name}/*",
    "${local.arn}:sns:${local.here}:${var.name}-*",
    "${local.arn}:sqs:${local.here}:${var.name}-*",
    "${local.arn}:states:${local.here}:stateMachine:${var.name}",
  ]

  # to compare the account with the code; no contents of the lake, no values of secrets
  read = [
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
        "ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute", "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribePrefixLists", "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs",
        "ecr:DescribeRepositories", "ecr:GetAuthorizationToken", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource",
        "ecs:DescribeClusters", "ecs:DescribeTaskDefinition", "ecs:ListTagsForResource",
        "iam:GetOpenIDConnectProvider", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies", "iam:ListPolicyVersions", "iam:ListRolePolicies",
        "logs:DescribeLogGroups", "logs:ListTagsForResource", "scheduler:GetSchedule",
        "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "sns:GetSubscriptionAttributes",
        "sns:GetTopicAttributes", "sns:ListTagsForResource", "sqs:GetQueueAttributes", "sqs:ListQueueTags",
        "states:DescribeStateMachine", "states:ListStateMachineVersions", "states:ListTagsForResource",
        "states:ValidateStateMachineDefinition", "sts:GetCallerIdentity",
      ]
      Resource = "*"
    },
    {
      Sid    = "LookAtTheBucket"
      Effect = "Allow"
      Action = [
        "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLocation",
        "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging",
        "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
      ]
      Resource = local.bucket_arn
    },
  ]

  write = [
    {
      Sid    = "ChangeWhatIsOurs"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource",
        "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable",
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy", "ecr:TagResource", "ecr:UntagResource", "ecr:UploadLayerPart",
        "ecs:CreateCluster", "ecs:DeleteCluster", "ecs:PutClusterCapacityProviders", "ecs:TagResource",
        "ecs:UntagResource", "ecs:UpdateCluster", "ecs:UpdateClusterSettings",
        "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:TagResource",
        "logs:UntagResource",
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
        "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule",
        "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:UpdateSecret",
        "sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource",
        "sns:Unsubscribe", "sns:UntagResource",
        "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
        "states:CreateStateMachine", "states:DeleteStateMachine", "states:TagResource", "states:UntagResource",
        "states:UpdateStateMachine",
      ]
      Resource = local.owned
    },
    {
      # AWS does not limit these two to a task definition
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition"]
      Resource = "*"
    },
    {
      Sid    = "ChangeTheNetwork"
      Effect = "Allow"
      Action = [
        "ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress", "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRoute",
        "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc",
        "ec2:CreateVpcEndpoint", "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway", "ec2:DeleteRoute",
        "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway", "ec2:DisassociateAddress",
        "ec2:DisassociateRouteTable", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress",
        "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = data.aws_region.current.name } }
    },
    {
      # no role that can do more than the boundary, so none that can do more than the pipeline needs
      Sid       = "RolesWithinTheBoundary"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.roles_arn
      Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
    },
    {
      Sid      = "Roles"
      Effect   = "Allow"
      Action   = ["iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRoleDescription"]
      Resource = local.roles_arn
    },
    {
      Sid       = "HandRolesToServices"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.roles_arn
      Condition = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"] } }
    },
    {
      # the roles of GitHub and the boundary are changed by a person only
      Sid    = "NotItself"
      Effect = "Deny"
      Action = [
        "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:PutRolePolicy",
        "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy",
      ]
      Resource = "${local.arn}:iam::${local.account_id}:role/${var.name}-github-*"
    },
  ]

  state_bucket_arn = "${local.arn}:s3:::${coalesce(var.state_bucket, "-")}"
  state_actions = {
    read  = ["s3:GetObject"]
    write = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
  }
  state = { for kind, actions in local.state_actions : kind => {
    Sid      = "State"
    Effect   = "Allow"
    Action   = actions
    Resource = "${local.state_bucket_arn}/${var.name}/*"
  } }
  state_list  = { Sid = "ListStates", Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.state_bucket_arn }
  state_read  = var.state_bucket == null ? [] : [local.state_list, local.state["read"]]
  state_write = var.state_bucket == null ? [] : [local.state_list, local.state["write"]]
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# the most that any role of the pipeline can ever do, whatever its own policy says
resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that roles of the pipeline may do"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer", "ecs:RunTask", "logs:CreateLogStream", "logs:PutLogEvents",
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion",
          "s3:ListBucket", "s3:PutObject", "secretsmanager:GetSecretValue", "sns:Publish", "sqs:SendMessage",
          "states:StartExecution",
        ]
        Resource = concat(local.owned, [
          "${local.bucket_arn}/*",
          "${local.arn}:logs:${local.here}:log-group:/ecs/${var.name}:*",
        ])
      },
      {
        Effect = "Allow"
        Action = ["ecs:DescribeTasks", "ecs:StopTask", "states:DescribeExecution", "events:DescribeRule", "events:PutRule", "events:PutTargets"]
        Resource = [
          "${local.arn}:ecs:${local.here}:task/${var.name}/*",
          "${local.arn}:events:${local.here}:rule/StepFunctionsGetEventsForECSTaskRule",
          "${local.arn}:states:${local.here}:execution:${var.name}:*",
        ]
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = local.roles_arn
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Effect = "Allow"
        Action = [
          "ecr:GetAuthorizationToken", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
          "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
          "logs:UpdateLogDelivery",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_role" "github" {
  for_each = local.subjects

  name        = "${var.name}-github-${each.key}"
  description = "GitHub Actions of ${var.repository}: ${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.issuer_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com", "${local.issuer}:sub" = each.value } }
    }]
  })
}

# inline, because a policy of its own may have 6,144 characters and this one has more
resource "aws_iam_role_policy" "github" {
  for_each = local.subjects

  name   = each.key
  role   = aws_iam_role.github[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = flatten(local.policies[each.key]) })
}
