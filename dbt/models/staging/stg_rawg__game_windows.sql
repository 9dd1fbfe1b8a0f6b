with raw_game_windows as (

    {{ raw_table(source('raw', 'game_windows'), {
        'updated_from': 'date',
        'updated_to': 'date',
        'expected_count': 'bigint',
        'rows_seen': 'bigint',
        'requests': 'bigint',
        'status': 'varchar',
        'reason': 'varchar',
        'walked_at': 'timestamp',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    updated_from as updated_from_date,
    updated_to as updated_to_date,
    expected_count,
    rows_seen as seen_count,
    requests as requests_count,
    status,
    reason,
    walked_at,
    _dlt_load_id as load_id
from raw_game_windows
