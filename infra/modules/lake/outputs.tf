output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "url" {
  description = "The lake as the pipeline's settings name it: the bucket itself, so that paths are the same below Snowflake's stage."
  value       = "s3://${aws_s3_bucket.this.bucket}"
}

output "writer_policy" {
  description = "What loading and rebuilding do with the lake."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
        Resource = aws_s3_bucket.this.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = "${aws_s3_bucket.this.arn}/*"
      }
    ]
  })
}

output "reporter_policy" {
  description = "What the report does with the lake: it reads the ledger of requests, and keeps itself and its numbers."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = aws_s3_bucket.this.arn
        Condition = { StringLike = { "s3:prefix" = ["_requests/*", "reports", "reports/*"] } }
      },
      {
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = [for folder in ["_requests", "reports"] : "${aws_s3_bucket.this.arn}/${folder}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = "${aws_s3_bucket.this.arn}/reports/*"
      }
    ]
  })
}
