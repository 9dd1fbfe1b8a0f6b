select
    table_name,
    column_name,
    change_kind,
    data_type,
    noticed_at
from {{ ref('stg_rawg__schema_changes') }}
