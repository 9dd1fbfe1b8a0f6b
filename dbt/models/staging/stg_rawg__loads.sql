with raw_dlt_loads as (

    {{ raw_table(source('raw', '_dlt_loads'), {
        'load_id': 'varchar',
        'status': 'bigint',
        'inserted_at': 'timestamp'
    }) }}

)

select
    load_id,
    status,
    inserted_at as loaded_at
from raw_dlt_loads
