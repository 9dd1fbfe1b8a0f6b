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
