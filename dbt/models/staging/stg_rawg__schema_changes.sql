with raw_schema_changes as (

    {{ raw_table(source('raw', 'schema_changes'), {
        'table_name': 'varchar',
        'column_name': 'varchar',
        'change': 'varchar',
        'data_type': 'varchar',
        'noticed_at': 'timestamp',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    table_name,
    column_name,
    change as change_kind,
    data_type,
    noticed_at,
    {{ load_time('_dlt_load_id') }} as loaded_at,
    _dlt_load_id as load_id
from raw_schema_changes
