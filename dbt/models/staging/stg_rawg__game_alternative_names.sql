with raw_game_details__alternative_names as (

    {{ raw_table(source('raw', 'game_details__alternative_names'), {
        '_dlt_parent_id': 'bigint',
        'value': 'varchar'
    }) }}

)

select
    _dlt_parent_id as game_id,
    value as alternative_name
from raw_game_details__alternative_names
